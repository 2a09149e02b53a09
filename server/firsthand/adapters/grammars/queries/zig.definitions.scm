[(line_comment) (doc_comment)] @lead
(Decl (FnProto function: (_) @name) (Block) @body) @definition.function
(Decl (VarDecl variable_type_function: (_) @name (ErrorUnionExpr (SuffixExpr (ContainerDecl) @body)))) @definition.struct
(source_file (Decl (VarDecl variable_type_function: (_) @name)) @definition.constant)
(TestDecl (STRINGLITERALSINGLE) @name (Block) @body) @definition.test
