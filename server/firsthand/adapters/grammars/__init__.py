"""What Firsthand knows about the grammars of tree-sitter-language-pack: queries, and how to read their captures."""
