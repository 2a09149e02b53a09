"""Languages and tests, told by the path."""

import pytest

from firsthand.core.languages import is_test_path, language_of

LANGUAGES = [
    ("src/app.py", "python"), ("stubs/app.pyi", "python"), ("a.ts", "typescript"), ("a.mts", "typescript"),
    ("a.tsx", "tsx"), ("a.jsx", "javascript"), ("a.cjs", "javascript"), ("a.go", "go"), ("go.mod", "gomod"),
    ("a.rs", "rust"), ("A.java", "java"), ("a.c", "c"), ("a.h", "c"), ("a.hpp", "cpp"), ("a.cc", "cpp"),
    ("A.cs", "csharp"), ("a.rb", "ruby"), ("Gemfile", "ruby"), ("lib/tasks/a.rake", "ruby"), ("a.php", "php"),
    ("a.kt", "kotlin"), ("build.gradle.kts", "kotlin"), ("build.gradle", "groovy"), ("a.swift", "swift"),
    ("a.scala", "scala"), ("build.sbt", "scala"), ("a.lua", "lua"), ("a.sh", "bash"), (".bashrc", "bash"),
    ("a.ex", "elixir"), ("mix.exs", "elixir"), ("a.hs", "haskell"), ("a.sql", "sql"), ("README.md", "markdown"),
    ("a.yml", "yaml"), ("pyproject.toml", "toml"), ("package.json", "json"), ("Dockerfile", "dockerfile"),
    ("api.Dockerfile", "dockerfile"), ("Dockerfile.dev", "dockerfile"), ("Makefile", "make"), ("rules.mk", "make"),
    ("CMakeLists.txt", "cmake"), ("BUILD", "starlark"), ("BUILD.bazel", "starlark"),
    ("requirements-ci.txt", "requirements"),
    ("main.tf", "terraform"), ("a.proto", "proto"), ("a.vue", "vue"), ("a.svelte", "svelte"), ("a.zig", "zig"),
    ("notes.txt", "text"), ("LICENSE", "text"), ("a.unknown", "text"), ("DIR.PY/Main.PY", "python"),
]  # fmt: skip

TESTS = [
    "tests/store.py", "test/helper.rb", "src/__tests__/a.ts", "spec/models/user.rb", "src/test/java/A.java",
    "pkg/testdata/a.go", "cypress/login.ts", "Tests/StoreTests/Store.swift", "app/src/androidTest/A.kt",
    "src/Shop.Tests/Order.cs", "test_store.py", "store_test.py", "store_test.go", "store.test.ts", "store.spec.tsx",
    "store-test.js", "store_spec.rb", "StoreTest.java", "StoreTests.swift", "TestStore.java", "StoreIT.java",
    "StoreTestCase.php", "StoreSpec.scala", "StoreSuite.scala", "ParserSpec.hs", "conftest.py", "spec_helper.rb",
    "store_test.exs", "test_store.c", "store_unittest.cc", "login.cy.ts", "tests.rs", "store.bats",
]  # fmt: skip

NO_TESTS = [
    "src/store.py", "latest.kt", "contest.py", "Attest.java", "src/testing_tools.py", "attestation.go",
    "src/inspector.ts", "specification.md", "ImageSpec.java", "BuildSpec.cs", "greatest/a.py", "src/fastest.rs",
    "src/main/java/Tester.java",
]  # fmt: skip


@pytest.mark.parametrize(("path", "language"), LANGUAGES)
def test_languages_are_told_by_name_or_extension(path: str, language: str) -> None:
    """A path has the language of its known name, else of its extension."""
    assert language_of(path) == language


@pytest.mark.parametrize(
    ("first_line", "language"),
    [
        ("#!/bin/sh", "bash"), ("#!/usr/bin/env bash", "bash"), ("#!/bin/zsh -f", "bash"), ("#! /bin/perl -w", "perl"),
        ("#!/usr/bin/python3.11", "python"), ("#!/usr/bin/env -S FOO=1 node --inspect", "javascript"),
        ("#!/usr/bin/env ruby\r", "ruby"), ("#!/usr/bin/env -S deno run", "typescript"), ("#!/opt/odd/thing", "text"),
        ("# /bin/sh", "text"), ("#!", "text"), ("", "text"), (" #!/bin/sh", "text"), ("#!/bin/shell", "text"),
    ],
)  # fmt: skip
def test_a_script_without_extension_is_told_by_its_first_line(first_line: str, language: str) -> None:
    """The program that runs a script tells its language where the name does not."""
    assert language_of("bin/tool", f"{first_line}\nx\n") == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("int f(void);\n", "c"), ("/*\n * a class of its own\n */\nstruct s;\n", "c"), ("", "c"),
        ("#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n", "c"),
        ("\n" * 60_000, "c"), ("namespace a" + " " * 60_000 + "x", "c"), ("namespace a {\r\n}\r\n", "cpp"),
        ("#pragma once\nnamespace a {\n}\n", "cpp"), ("template <class T> T f(T);\n", "cpp"),
        ("class LIB_API Logger : public Base {\n", "cpp"), ("void f(std::string);\n", "cpp"), ("class A;\n", "c"),
        ("#import <Foundation/Foundation.h>\n", "objc"), ("@interface Cart : NSObject\n@end\n", "objc"),
    ],
)  # fmt: skip
def test_a_header_is_told_by_its_text(text: str, language: str) -> None:
    """C, C++ and Objective-C call their headers alike."""
    assert language_of("include/a.h", text) == language
    assert language_of("src/a.c", text) == "c"


def test_a_name_tells_more_than_the_first_line() -> None:
    """A known extension wins over the program that the first line names."""
    assert language_of("tool.py", "#!/bin/sh\n") == "python"


@pytest.mark.parametrize("path", TESTS)
def test_conventions_for_tests_are_known(path: str) -> None:
    """Files that follow a language's convention for tests are tests."""
    assert is_test_path(path)


@pytest.mark.parametrize("path", NO_TESTS)
def test_names_that_only_sound_like_tests_are_none(path: str) -> None:
    """A word that contains "test" or "spec" does not make a test."""
    assert not is_test_path(path)
