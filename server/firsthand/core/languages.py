"""Which language a file is written in, told by its path or its first line, and whether it is a test, by its path.

Language ids are the grammar names of tree-sitter-language-pack, plus "text" for everything else.
"""

import re
from posixpath import basename, splitext

TEXT = "text"

_EXTENSIONS_BY_LANGUAGE = {
    "actionscript": "as",
    "ada": "adb ads",
    "agda": "agda",
    "apex": "apex cls trigger",
    "arduino": "ino pde",
    "asm": "asm nasm s",
    "astro": "astro",
    "bash": "bash bats ebuild eclass ksh sh zsh",
    "beancount": "beancount",
    "bibtex": "bib",
    "bicep": "bicep bicepparam",
    "bitbake": "bb bbappend bbclass",
    "bsl": "bsl os",
    "c": "c h",
    "cairo": "cairo",
    "capnp": "capnp",
    "chatito": "chatito",
    "clarity": "clar",
    "clojure": "clj cljc cljs edn",
    "cmake": "cmake",
    "cobol": "cbl cob cobol cpy",
    "commonlisp": "asd cl lisp lsp",
    "cpon": "cpon",
    "cpp": "c++ cc cpp cppm cxx h++ hh hpp hxx inl ipp ixx tcc tpp",
    "csharp": "cs csx",
    "css": "css",
    "csv": "csv",
    "cuda": "cu cuh",
    "d": "d di",
    "dart": "dart",
    "dockerfile": "dockerfile",
    "dtd": "dtd",
    "elisp": "el",
    "elixir": "ex exs",
    "elm": "elm",
    "embeddedtemplate": "ejs erb",
    "erlang": "erl escript hrl",
    "fennel": "fnl",
    "firrtl": "fir",
    "fish": "fish",
    "fortran": "f f03 f08 f77 f90 f95 for",
    "fsharp": "fs fsx",
    "fsharp_signature": "fsi",
    "func": "fc func",
    "gdscript": "gd",
    "gleam": "gleam",
    "glsl": "comp frag geom glsl tesc tese vert",
    "gn": "gn gni",
    "go": "go",
    "graphql": "gql graphql graphqls",
    "groovy": "gradle groovy gvy jenkinsfile",
    "hack": "hack",
    "hare": "ha",
    "haskell": "hs hs-boot",
    "haxe": "hx",
    "hcl": "hcl nomad",
    "heex": "heex leex",
    "hlsl": "fx hlsl hlsli",
    "html": "htm html xhtml",
    "ini": "cfg desktop editorconfig ini service",
    "ispc": "ispc",
    "janet": "janet",
    "java": "java",
    "javascript": "cjs es6 js jsx mjs",
    "json": "code-workspace geojson har ipynb json json5 jsonc jsonl jsonld topojson webmanifest",
    "jsonnet": "jsonnet libsonnet",
    "julia": "jl",
    "kdl": "kdl",
    "kotlin": "kt kts",
    "latex": "latex ltx sty tex",
    "linkerscript": "ld lds",
    "llvm": "ll",
    "lua": "lua rockspec",
    "luau": "luau",
    "magik": "magik",
    "make": "mak make mk",
    "markdown": "markdown md mdown mdx mkd qmd rmd",
    "matlab": "matlab",
    "mermaid": "mermaid mmd",
    "netlinx": "axi axs",
    "nim": "nim nimble nims",
    "ninja": "ninja",
    "nix": "nix",
    "nqc": "nqc",
    "objc": "m mm",
    "ocaml": "ml",
    "ocaml_interface": "mli",
    "odin": "odin",
    "org": "org",
    "pascal": "dpr lpr pas",
    "pem": "crt pem",
    "perl": "pl pm t",
    "pgn": "pgn",
    "php": "php php3 php4 php5 phtml",
    "po": "po pot",
    "pony": "pony",
    "powershell": "ps1 psd1 psm1",
    "prisma": "prisma",
    "properties": "properties",
    "proto": "proto",
    "psv": "psv",
    "puppet": "pp",
    "purescript": "purs",
    "python": "py pyi pyw pyx wsgi",
    "qmljs": "qml",
    "r": "r rprofile",
    "racket": "rkt rktd rktl",
    "re2c": "re",
    "rego": "rego",
    "ron": "ron",
    "rst": "rest rst",
    "ruby": "builder gemspec jbuilder podspec rabl rake rb ru thor",
    "rust": "rs",
    "scala": "sbt sc scala",
    "scheme": "scm sld sls ss",
    "scss": "scss",
    "smali": "smali",
    "smithy": "smithy",
    "solidity": "sol",
    "sparql": "rq sparql",
    "sql": "ddl dml mysql pgsql psql sql",
    "squirrel": "nut",
    "starlark": "bazel bzl star",
    "svelte": "svelte",
    "swift": "swift swiftinterface",
    "tablegen": "td",
    "tcl": "exp tcl tk",
    "terraform": "tf tfvars",
    "thrift": "thrift",
    "toml": "toml",
    "tsv": "tsv",
    "tsx": "tsx",
    "twig": "twig",
    "typescript": "cts mts ts",
    "typst": "typ",
    "uxntal": "tal",
    "v": "vsh",
    "verilog": "sv svh v verilog vh",
    "vhdl": "vhd vhdl",
    "vim": "vim vimrc",
    "vue": "vue",
    "wast": "wast",
    "wat": "wat",
    "wgsl": "wgsl",
    "xcompose": "xcompose",
    "xml": "csproj fsproj nuspec plist pom props rss svg targets vbproj vcxproj wsdl xaml xml xsd xsl xslt",
    "yaml": "clang-format clang-tidy eyaml yaml yml",
    "yuck": "yuck",
    "zig": "zig zon",
}

_NAMES_BY_LANGUAGE = {
    "bash": ".bash_aliases .bash_profile .bashrc .envrc .kshrc .profile .zprofile .zshenv .zshrc apkbuild pkgbuild",
    "clojure": "build.boot",
    "cmake": "cmakelists.txt",
    "dockerfile": "containerfile dockerfile",
    "gitattributes": ".gitattributes",
    "gitignore": ".dockerignore .firsthandignore .gitignore .ignore .npmignore .prettierignore",
    "gomod": "go.mod go.work",
    "gosum": "go.sum",
    "groovy": "jenkinsfile",
    "hyprlang": "hyprland.conf",
    "ini": ".editorconfig .flake8 .gitconfig .gitmodules .npmrc .pylintrc",
    "json": ".babelrc .eslintrc .jshintrc .prettierrc .swcrc composer.lock flake.lock",
    "kconfig": "kconfig",
    "make": "gnumakefile makefile",
    "meson": "meson.build meson_options.txt",
    "pymanifest": "manifest.in",
    "qmldir": "qmldir",
    "r": ".rprofile",
    "readline": ".inputrc",
    "requirements": "constraints.txt requirements-dev.txt requirements.txt",
    "ruby": "appraisals brewfile capfile dangerfile fastfile gemfile guardfile podfile rakefile vagrantfile",
    "starlark": "build build.bazel module.bazel tiltfile workspace workspace.bazel",
    "toml": "cargo.lock pipfile poetry.lock uv.lock",
    "vim": ".vimrc _vimrc",
    "xcompose": ".xcompose",
    "yaml": ".clang-format .clang-tidy .clangd",
}


def _inverted(languages: dict[str, str]) -> dict[str, str]:
    return {key: language for language, keys in languages.items() for key in keys.split()}


_LANGUAGE_BY_EXTENSION = _inverted(_EXTENSIONS_BY_LANGUAGE)
_LANGUAGE_BY_NAME = _inverted(_NAMES_BY_LANGUAGE)


# Programs that run scripts, as the first line of a script names them.
_INTERPRETERS_BY_LANGUAGE = {
    "bash": "ash bash bats dash ksh mksh sh zsh",
    "elixir": "elixir",
    "fish": "fish",
    "groovy": "groovy",
    "javascript": "bun node nodejs",
    "julia": "julia",
    "lua": "lua luajit texlua",
    "make": "make",
    "perl": "perl",
    "php": "php",
    "powershell": "pwsh",
    "python": "pypy python",
    "r": "Rscript",
    "ruby": "jruby ruby",
    "scheme": "guile",
    "tcl": "expect tclsh wish",
    "typescript": "deno ts-node tsx",
}
_LANGUAGE_BY_INTERPRETER = _inverted(_INTERPRETERS_BY_LANGUAGE)
# `#!/bin/sh -e`, `#!/usr/bin/env -S FOO=1 python3.11`: the program without its folder and version.
_FIRST_LINE = re.compile(
    r"#![ \t]*(?:\S*/)?(?:env[ \t]+(?:(?:-\S+|\w+=\S*)[ \t]+)*(?:\S*/)?)?([A-Za-z][A-Za-z-]*)[\d.]*(?:\s|$)"
)


# What a header says that is no C, at the beginning of a line or anywhere.
_OBJECTIVE_C = re.compile(r"^[ \t]*(?:@(?:interface|protocol|class|import)\b|#[ \t]*import\b)", re.MULTILINE)
# Blanks may be thousands on hostile lines: none is where another could take them as well.
_CPP = re.compile(
    r"^[ \t]*(?:template\s*<|(?:public|private|protected)[ \t]*:|using[ \t]+(?:namespace\b|\w+[ \t]*=)"
    r"|(?:inline[ \t]+)?namespace[ \t]+[\w:]+[ \t]*(?:\{[ \t]*)?\r?$"
    r"|class[ \t]+(?:[A-Z_]+[ \t]+)?\w+[ \t]*(?:final[ \t]*)?(?::[^;\n]*|\{[ \t]*)?\r?$)"
    r"|\bstd::|\bconstexpr\b|\bnullptr\b|\bnoexcept\b",
    re.MULTILINE,
)
_HEAD_CHARACTERS = 64 * 1024


def language_of(path: str, text: str = "") -> str:
    """Return the language by the known name, then the extension, then what the text says of itself.

    The text is asked where a path says too little: the first line of a script without extension names the program
    that runs it, and a header of C++ or Objective-C is no C. "text" when nothing is known.
    """
    language = _language_of_path(path)
    if language == TEXT:
        script = _FIRST_LINE.match(text)
        return TEXT if script is None else _LANGUAGE_BY_INTERPRETER.get(script[1], TEXT)
    if text and language == "c" and path.lower().endswith(".h"):
        return _language_of_header(text[:_HEAD_CHARACTERS])
    return language


def _language_of_header(text: str) -> str:
    if _OBJECTIVE_C.search(text):
        return "objc"
    return "cpp" if _CPP.search(text) else "c"


def _language_of_path(path: str) -> str:
    name = basename(path).lower()
    known = _LANGUAGE_BY_NAME.get(name)
    if known:
        return known
    if name.startswith(("dockerfile.", "containerfile.")):
        return "dockerfile"
    if name.startswith("requirements") and name.endswith(".txt"):
        return "requirements"
    extension = splitext(name)[1].removeprefix(".")
    return _LANGUAGE_BY_EXTENSION.get(extension, TEXT)


# What people call a language besides its id and the extensions of its files.
_OTHER_NAMES = {
    "c#": "csharp",
    "f#": "fsharp",
    "golang": "go",
    "shell": "bash",
    "text": TEXT,
    "vimscript": "vim",
}


def known_language(name: str) -> str | None:
    """Return the id of the language that people mean by an id, a file extension or a common name."""
    key = name.lower().removeprefix(".")
    if key in _EXTENSIONS_BY_LANGUAGE or key in _NAMES_BY_LANGUAGE:
        return key
    return _OTHER_NAMES.get(key) or _LANGUAGE_BY_EXTENSION.get(key)


_TEST_FOLDERS = frozenset(
    "__tests__ __mocks__ androidtest cypress e2e integration-test integration_test integrationtest "
    "integration-tests integration_tests integrationtests "
    "spec specs t test testdata tests unittest unittests".split()
)
# `OrderServiceTest.java`, `StoreTests.swift`: a capital letter marks the word's beginning, so that `latest.kt` is none.
# `TestOrder.java` is JUnit's older convention.
_CAPITALISED_TEST = re.compile(r"[a-z0-9_](?:Tests?|TestCase|IT|ITCase)$|^Test[A-Z0-9_].*$")
# Elsewhere these words name a specification or a suite of something, not of tests.
_CAPITALISED_SPEC = re.compile(r"[a-z0-9_](?:Specs?|Suite)$")
_SPEC_EXTENSIONS = frozenset({".scala", ".groovy", ".kt", ".hs", ".swift"})
# `test_store.py`, `store_test.go`, `store.spec.ts`, `store-test.js`, `store_spec.rb`.
_LOWER_TEST = re.compile(
    r"^(?:tests?|specs?)$|^(?:test|spec)[_.-]|[_.-](?:test|tests|spec|specs|e2e|cy|unittest)$"
)
_TEST_SUPPORT = frozenset({"conftest", "spec_helper", "rails_helper", "test_helper", "testhelper"})


def is_test_path(path: str) -> bool:
    """Tell whether a file is a test or belongs to tests, by the conventions of the main languages."""
    *folders, name = path.split("/")
    return any(_is_test_folder(folder) for folder in folders) or _is_test_name(name)


def _is_test_folder(folder: str) -> bool:
    return folder.lower() in _TEST_FOLDERS or folder.endswith(
        ("Tests", "Test", "_test", "-test", "_tests", "-tests")
    )


def _is_test_name(name: str) -> bool:
    stem, extension = splitext(name)
    lowered = stem.lower()
    return (
        lowered in _TEST_SUPPORT
        or extension == ".bats"
        or _LOWER_TEST.search(lowered) is not None
        or _CAPITALISED_TEST.search(stem) is not None
        or (extension in _SPEC_EXTENSIONS and _CAPITALISED_SPEC.search(stem) is not None)
    )
