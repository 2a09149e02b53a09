"""How a project writes its tests: the framework in use, and where the test file of a module stands."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from firsthand.core.languages import is_test_path, language_of

_FAMILIES = (
    ("typescript", "tsx", "javascript", "jsx"),
    ("java", "kotlin", "groovy"),
    ("c", "cpp"),
)


@dataclass(frozen=True, slots=True)
class Framework:
    """A test framework and how its use shows in tests and in configuration."""

    name: str
    in_tests: re.Pattern[str]
    in_config: re.Pattern[str] | None = None


def _framework(name: str, in_tests: str, in_config: str = "") -> Framework:
    return Framework(name, re.compile(in_tests, re.MULTILINE), re.compile(in_config) if in_config else None)


_JAVASCRIPT = (
    _framework("Vitest", r"from ['\"]vitest['\"]|\bvi\.(?:fn|mock|spyOn)\b", r'"vitest"'),
    _framework("Jest", r"@jest/globals|\bjest\.(?:fn|mock|spyOn)\b", r'"jest"|"ts-jest"'),
    _framework("node:test", r"['\"]node:test['\"]"),
    _framework("Mocha with Chai", r"['\"](?:chai|mocha)['\"]", r'"mocha"'),
    _framework("Jasmine", r"\bjasmine\.", r'"jasmine"'),
    _framework("AVA", r"['\"]ava['\"]", r'"ava"'),
)
_JVM = (
    _framework("JUnit 5", r"org\.junit\.jupiter", r"junit-jupiter|useJUnitPlatform"),
    _framework("JUnit 4", r"import org\.junit\.(?:Test|\*|Assert|Before)", r"junit:junit"),
    _framework("TestNG", r"org\.testng", r"testng"),
    _framework("Kotest", r"io\.kotest", r"kotest"),
    _framework("Spock", r"spock\.lang", r"spock"),
)
_FRAMEWORKS: dict[str, tuple[Framework, ...]] = {
    "python": (
        _framework("unittest", r"unittest\.TestCase|\(TestCase\)"),
        _framework(
            "pytest",
            r"\bpytest\b|^(?:async )?def test_\w+|^\s+(?:async )?def test_\w+\(self.*\n(?!.*self\.assert)",
            r"pytest",
        ),
    ),
    **dict.fromkeys(_FAMILIES[0], _JAVASCRIPT),
    **dict.fromkeys(_FAMILIES[1], _JVM),
    "go": (
        _framework("the testing package with testify", r"stretchr/testify"),
        _framework("the testing package", r"\*testing\.T"),
    ),
    "rust": (_framework("cargo's #[test]", r"#\[(?:tokio::)?test\]"),),
    "ruby": (
        _framework("RSpec", r"RSpec\.describe|^\s*describe\b|require ['\"](?:spec|rails)_helper", r"rspec"),
        _framework("Minitest", r"Minitest|ActiveSupport::TestCase|test_helper", r"minitest"),
    ),
    "csharp": (
        _framework("xUnit", r"using Xunit|\[(?:Fact|Theory)\]", r"xunit"),
        _framework("NUnit", r"using NUnit|\[TestFixture\]", r"NUnit"),
        _framework("MSTest", r"\[TestMethod\]", r"MSTest"),
    ),
    "php": (
        _framework("Pest", r"^(?:it|test)\(", r"pestphp"),
        _framework("PHPUnit", r"PHPUnit|extends TestCase", r"phpunit"),
    ),
    "swift": (
        _framework("Swift Testing", r"import Testing"),
        _framework("XCTest", r"XCTest"),
    ),
    "scala": (
        _framework("ScalaTest", r"org\.scalatest", r"scalatest"),
        _framework("MUnit", r"munit", r"munit"),
    ),
    **dict.fromkeys(
        _FAMILIES[2],
        (_framework("GoogleTest", r"gtest|\bTEST(?:_F)?\("), _framework("Catch2", r"catch2|\bTEST_CASE\(")),
    ),
    "elixir": (_framework("ExUnit", r"ExUnit"),),
}
# What a project without any test most likely wants.
_DEFAULTS = {
    "python": "pytest",
    "go": "the testing package",
    "rust": "cargo's #[test]",
    **dict.fromkeys(_FAMILIES[1], "JUnit 5"),
    "ruby": "Minitest",
    "csharp": "xUnit",
    "php": "PHPUnit",
    "swift": "XCTest",
    "elixir": "ExUnit",
}
CONFIG_FILES = (
    "package.json", "pyproject.toml", "setup.cfg", "requirements-dev.txt", "pom.xml", "build.gradle",
    "build.gradle.kts", "Gemfile", "composer.json", "build.sbt",
)  # fmt: skip


def same_family(one: str, other: str) -> bool:
    """Tell whether tests of one language serve as a pattern for the other."""
    return one == other or any(one in family and other in family for family in _FAMILIES)


def detect_framework(language: str, tests: Iterable[str], configs: Iterable[str]) -> str:
    """Return the framework that most tests use, else the one in the configuration, else the usual one, else ""."""
    candidates = _FRAMEWORKS.get(language, ())
    votes = dict.fromkeys((each.name for each in candidates), 0)
    for text in tests:
        used = next((each for each in candidates if each.in_tests.search(text)), None)
        if used is not None:
            votes[used.name] += 1
    if any(votes.values()):
        return max(votes, key=lambda name: votes[name])
    for text in configs:
        for each in candidates:
            if each.in_config is not None and each.in_config.search(text):
                return each.name
    return _DEFAULTS.get(language, "")


@dataclass(frozen=True, slots=True)
class Placement:
    """Where tests of a module belong."""

    path: str
    exists: bool
    inline: bool = False
    """The tests stand in the very file that they test."""


# What a test's file name adds to the name of the module.
_AFFIX = re.compile(
    r"^(?:(?P<prefix>test_|spec_|Test(?=[A-Z]))(?P<a>.+)"
    r"|(?P<b>.+?)(?P<suffix>[._-](?:test|tests|spec|specs)|Tests?|Spec|TestCase|IT))$"
)


@dataclass(frozen=True, slots=True)
class _Naming:
    stem: str
    prefix: str
    suffix: str
    extension: str


def test_place(source: str, paths: Collection[str], texts_with_inline_tests: bool = False) -> Placement:
    """Return the test file of a module: the one that it has, else one named and placed as the project does."""
    language = language_of(source)
    tests = [path for path in paths if is_test_path(path) and same_family(language_of(path), language)]
    own = [path for path in tests if _matches_module(path, source)]
    if own:
        return Placement(min(own, key=lambda path: (-_nearness(path, source), path)), True)
    if language == "rust" and (texts_with_inline_tests or not tests):
        return Placement(source, True, inline=True)
    path = _by_pattern(source, tests, paths) or _by_custom(source, language)
    return Placement(path, path in paths)


def _naming(path: str) -> _Naming | None:
    name = path.rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    match = _AFFIX.match(stem)
    if not match:
        return None
    return _Naming(match["a"] or match["b"], match["prefix"] or "", match["suffix"] or "", dot + extension)


def _module_stem(path: str) -> str:
    return path.rsplit("/", 1)[-1].rpartition(".")[0]


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _matches_module(test: str, source: str) -> bool:
    """A generic stem, such as index, must also come from the same folder."""
    naming = _naming(test)
    if naming is None or naming.stem.lower() != _module_stem(source).lower():
        return False
    generic = naming.stem.lower() in {
        "index",
        "main",
        "mod",
        "lib",
        "utils",
        "util",
        "helpers",
        "types",
        "__init__",
    }
    return not generic or _nearness(test, source) > 0


def _nearness(one: str, other: str) -> int:
    """Count the folders that two paths share, from either end."""
    a, b = _folder(one).split("/"), _folder(other).split("/")
    return len(set(a) & set(b) - {"", "src", "test", "tests"})


def _by_pattern(source: str, tests: Sequence[str], paths: Collection[str]) -> str | None:
    """Name and place a new test as the nearest existing test is named and placed."""
    extension = source[source.rfind(".") :]
    ranked = sorted(tests, key=lambda path: (not path.endswith(extension), -_nearness(path, source), path))
    for test in ranked:
        naming = _naming(test)
        if naming is None:
            continue
        name = f"{naming.prefix}{_cased(_module_stem(source), naming)}{naming.suffix}{extension}"
        folder = _mapped_folder(source, test, naming, paths)
        return f"{folder}/{name}" if folder else name
    return None


def _cased(stem: str, naming: _Naming) -> str:
    needs_capital = naming.suffix[:1].isupper() or naming.prefix == "Test"
    return stem[:1].upper() + stem[1:] if needs_capital else stem


def _mapped_folder(source: str, test: str, naming: _Naming, paths: Collection[str]) -> str:
    """Move the folder of the source as the folder of the example's source was moved."""
    subject = _subject_of(test, naming, paths)
    test_folder = _folder(test)
    if subject is None:
        return test_folder
    subject_folder = _folder(subject)
    if test_folder == subject_folder:
        return _folder(source)
    if test_folder.startswith(f"{subject_folder}/" if subject_folder else ""):
        below = test_folder[len(subject_folder) :].strip("/")
        if "/" not in below and subject_folder:
            return f"{_folder(source)}/{below}".strip("/")
    old, new = _different_prefixes(subject_folder, test_folder)
    folder = _folder(source)
    if old and (folder == old or folder.startswith(f"{old}/")):
        return f"{new}{folder[len(old) :]}".strip("/")
    return test_folder


def _subject_of(test: str, naming: _Naming, paths: Collection[str]) -> str | None:
    language = language_of(test)
    subjects = [
        path
        for path in paths
        if _module_stem(path).lower() == naming.stem.lower()
        and same_family(language_of(path), language)
        and not is_test_path(path)
    ]
    return max(subjects, key=lambda path: (_nearness(path, test), path), default=None)


def _different_prefixes(one: str, other: str) -> tuple[str, str]:
    """Drop the common end of two folders: `src/main/java/shop` and `src/test/java/shop` → `src/main`, `src/test`."""
    a, b = one.split("/"), other.split("/")
    while a and b and a[-1] == b[-1]:
        a.pop()
        b.pop()
    return "/".join(a), "/".join(b)


def _by_custom(source: str, language: str) -> str:
    """Name and place the first test of a project as its language usually does."""
    folder, stem = _folder(source), _module_stem(source)
    extension = source[source.rfind(".") :] if "." in source else ""
    beside = f"{folder}/" if folder else ""
    capital = stem[:1].upper() + stem[1:]
    if language == "python":
        return f"tests/test_{stem}.py"
    if language == "go":
        return f"{beside}{stem}_test.go"
    if language in ("java", "kotlin", "scala", "groovy"):
        mirrored = f"/{beside}".replace("/src/main/", "/src/test/", 1).removeprefix("/")
        return f"{mirrored}{capital}Test{extension}"
    if language == "ruby":
        return f"test/{stem}_test.rb"
    if language == "elixir":
        return f"test/{stem}_test.exs"
    if language in ("csharp", "php", "swift"):
        return f"tests/{capital}Test{'s' if language != 'php' else ''}{extension}"
    if same_family(language, "typescript"):
        return f"{beside}{stem}.test{extension}"
    return f"tests/{stem}_test{extension}"
