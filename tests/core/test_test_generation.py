# ruff: noqa: E501 - a row of test data reads best on one line
"""Generating tests: in the project's style, at the project's place, and only what parses as a whole."""

import pytest

from fakes.chat import FakeChat
from fakes.project import Project, collect, open_project
from fakes.workspaces import workspace_files
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.answers import Answer, FileEdit
from firsthand.core.editing import applied, replaced, syntax_problem
from firsthand.core.ports import ChatEnd, ChatText
from firsthand.core.test_conventions import detect_framework, test_place
from firsthand.core.test_merging import merged_tests, with_inline_tests
from firsthand.errors import ModelFailedError, RequestError

# Imported under its own name, pytest would take it for a test.
test_place.__test__ = False  # type: ignore[attr-defined]

VITEST = """import { describe, expect, it } from "vitest";
import { anAddress } from "../testing/builders.js";
import { calculateShippingCost } from "./shippingCost.js";

describe("calculateShippingCost", () => {
  it("is free inside Germany from 50 euros", () => {
    expect(calculateShippingCost({ weightGrams: 500, address: anAddress(), goodsCents: 5_000 })).toBe(0);
  });
});"""
PYTEST = """import pytest
from accounts.errors import UserNotFoundError, WeakPasswordError


def test_restored_user_is_back(make_service, ada):
    service = make_service()
    service.delete_user(ada.id)

    assert service.restore_user(ada.id).deleted_at is None


def test_empty_team_is_archived(make_service):
    with pytest.raises(UserNotFoundError):
        make_service().restore_user(99)"""
GO = """package retry

import (
\t"fmt"
\t"testing"
\t"time"
)

func TestBackoff(t *testing.T) {
\tif got := (Policy{Base: time.Second}).Backoff(0); got > time.Second {
\t\tt.Error(fmt.Sprint(got))
\t}
}"""


def fenced(code: str) -> str:
    return f"Here you are:\n\n```\n{code}\n```\n"


async def generate(
    workspace: str, path: str, needle: str, *replies: object
) -> tuple[Project, FakeChat, Answer]:
    chat = FakeChat(*replies)  # type: ignore[arg-type]
    project = await open_project(workspace_files(workspace), chat)
    _, answer = await collect(project.assistant.generate_test(project.select(path, needle)))
    return project, chat, answer


async def test_a_new_file_beside_the_others() -> None:
    """TypeScript tests stand beside the code, are written with the framework in use, after the nearest test."""
    _, chat, answer = await generate(
        "webshop", "src/shipping/shippingCost.ts", "calculateShippingCost", fenced(VITEST)
    )

    assert answer.status == "complete"
    assert answer.edits == (FileEdit("src/shipping/shippingCost.test.ts", VITEST + "\n", True),)
    assert answer.text.startswith(
        "Tests for `calculateShippingCost` in `src/shipping/shippingCost.test.ts` (a new file), with Vitest, "
        "after the pattern of `src/shipping/deliveryDate.test.ts:1`."
    )
    prompt = chat.calls[0][-1].content
    assert "The project tests with Vitest." in prompt
    assert "vi.fn()" in prompt
    assert answer.ungrounded == ()


async def test_tests_join_an_existing_file() -> None:
    """Imports are not repeated, a taken name gets a number, everything that was there stays."""
    project, chat, answer = await generate(
        "accounts", "accounts/service.py", "def restore_user", fenced(PYTEST)
    )

    (edit,) = answer.edits
    before = project.tree.files["tests/test_service.py"]
    after = applied(before, edit)
    assert after == (
        before.replace(
            "from tests.conftest import NOW\n",
            "from tests.conftest import NOW\nfrom accounts.errors import WeakPasswordError\n",
        )
        + "\n\n"
        + PYTEST.split("\n\n\n", 1)[1].replace("test_empty_team_is_archived", "test_empty_team_is_archived_2")
        + "\n"
    )
    assert "make_service" in chat.calls[0][-1].content


async def test_go_tests_keep_one_package_and_one_import_block() -> None:
    """The package clause and known imports of the model's file are dropped, a new import joins the block."""
    project, _, answer = await generate("gateway", "retry/retry.go", "Backoff(attempt int)", fenced(GO))

    after = applied(project.tree.files["retry/retry_test.go"], answer.edits[0])
    assert answer.edits[0].path == "retry/retry_test.go"
    assert after.count("package retry") == 1
    assert after.count('"testing"') == 1
    assert after.count('"fmt"') == 1
    assert after.endswith("\t\tt.Error(fmt.Sprint(got))\n\t}\n}\n")
    assert syntax_problem(TreeSitterParser(), "go", after) == ""


async def test_the_open_test_file_is_the_one_that_is_changed() -> None:
    """The edit fits the unsaved text of the test file, because that is what the editor will change."""
    chat = FakeChat(fenced(PYTEST))
    project = await open_project(workspace_files("accounts"), chat)
    unsaved = "# unsaved\n" + project.tree.files["tests/test_service.py"]
    project.buffers.open("tests/test_service.py", unsaved)

    _, answer = await collect(
        project.assistant.generate_test(project.select("accounts/service.py", "def restore_user"))
    )

    assert applied(unsaved, answer.edits[0]).startswith("# unsaved\nimport pytest\n")
    assert "def test_restored_user_is_back" in applied(unsaved, answer.edits[0])


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ("I cannot do that.", "it holds no code"),
        (fenced("def test_x(:\n    pass"), "invalid syntax on line 1"),
        (fenced("x = 1"), "it holds no test"),
        ([ChatText(fenced("def test_x():\n    pass")), ChatEnd("length")], "longer than the model may write"),
    ],
)
async def test_an_unusable_attempt_is_repeated_with_its_error(first: object, problem: str) -> None:
    """The model is told what was wrong and gets one more chance, which the user is told."""
    _, chat, answer = await generate(
        "accounts", "accounts/service.py", "def restore_user", first, fenced(PYTEST)
    )

    assert len(chat.calls) == 2
    assert problem in chat.calls[1][-1].content
    assert problem in answer.warnings[0]
    assert len(answer.edits) == 1
    assert answer.status == "complete"


async def test_two_unusable_attempts_are_admitted() -> None:
    """Without a test that parses there is no edit, and the answer says why and what to do."""
    _, chat, answer = await generate(
        "accounts", "accounts/service.py", "def restore_user", fenced("def test_x(:")
    )

    assert len(chat.calls) == 2
    assert (answer.status, answer.edits) == ("incomplete", ())
    assert answer.text.startswith("No usable test came out for `UserService.restore_user`: ")


async def test_without_a_model_the_place_is_told() -> None:
    """No model, no test; where it belongs and how to get a model is said."""
    project = await open_project(workspace_files("accounts"), None)

    _, answer = await collect(
        project.assistant.generate_test(project.select("accounts/service.py", "def restore_user"))
    )

    assert (answer.status, answer.edits) == ("noModel", ())
    assert "`tests/test_service.py`" in answer.text


async def test_a_failing_model_is_not_asked_twice() -> None:
    """A model error is a warning, not a reason to try again."""
    _, chat, answer = await generate(
        "accounts", "accounts/service.py", "def restore_user", [ModelFailedError("It ran out of memory.")]
    )

    assert len(chat.calls) == 1
    assert answer.warnings == ("It ran out of memory.",)


@pytest.mark.parametrize(
    ("path", "needle", "message"),
    [
        ("config/jobs.yaml", "timeout", "nothing to test"),
        ("tests/test_service.py", "delete_user", "a test itself"),
    ],
)
async def test_only_code_is_tested(path: str, needle: str, message: str) -> None:
    """Configuration and tests themselves are refused with a hint where to go."""
    with pytest.raises(RequestError, match=message):
        await generate("accounts", path, needle, "x")


@pytest.mark.parametrize(
    ("source", "paths", "expected"),
    [
        ("shop/cart.py", ["tests/test_cart.py", "tests/test_user.py"], ("tests/test_cart.py", True)),
        ("shop/cart.py", ["tests/unit/test_user.py", "shop/user.py"], ("tests/unit/test_cart.py", False)),
        ("src/shop/cart.py", ["src/shop/user.py", "tests/shop/test_user.py", "src/pay/card.py"], ("tests/shop/test_cart.py", False)),
        ("src/pay/card.py", ["src/shop/user.py", "tests/shop/test_user.py"], ("tests/pay/test_card.py", False)),
        ("shop/cart.py", ["shop/user_test.py", "shop/user.py"], ("shop/cart_test.py", False)),
        ("shop/cart.py", [], ("tests/test_cart.py", False)),
        ("src/a/cart.ts", ["src/b/user.spec.ts", "src/b/user.ts"], ("src/a/cart.spec.ts", False)),
        ("src/a/cart.ts", ["src/b/__tests__/user.test.ts", "src/b/user.ts"], ("src/a/__tests__/cart.test.ts", False)),
        ("src/a/Cart.tsx", ["src/b/user.test.ts", "src/b/user.ts"], ("src/a/Cart.test.tsx", False)),
        ("src/a/index.ts", ["src/b/index.test.ts", "src/b/index.ts"], ("src/a/index.test.ts", False)),
        ("retry/retry.go", ["other/x_test.go", "other/x.go"], ("retry/retry_test.go", False)),
        ("retry/retry.go", [], ("retry/retry_test.go", False)),
        ("src/main/java/shop/Cart.java", ["src/main/java/shop/User.java", "src/test/java/shop/UserTest.java"], ("src/test/java/shop/CartTest.java", False)),
        ("src/main/java/shop/pay/Card.java", ["src/main/java/shop/User.java", "src/test/java/shop/UserTest.java"], ("src/test/java/shop/pay/CardTest.java", False)),
        ("src/main/java/shop/Cart.java", [], ("src/test/java/shop/CartTest.java", False)),
        ("lib/cart.rb", ["lib/user.rb", "spec/user_spec.rb"], ("spec/cart_spec.rb", False)),
        ("src/cart.rs", [], ("src/cart.rs", True)),
        ("src/cart.rs", ["tests/user_test.rs"], ("tests/cart_test.rs", False)),
    ],
)  # fmt: skip
def test_where_tests_belong(source: str, paths: list[str], expected: tuple[str, bool]) -> None:
    """An existing test file of the module is used; a new one is named and placed like its neighbours."""
    place = test_place(source, [source, *paths])

    assert (place.path, place.exists) == expected


@pytest.mark.parametrize(
    ("language", "tests", "configs", "expected"),
    [
        ("python", ["import pytest\n\ndef test_a(): pass"], [], "pytest"),
        ("python", ["class T(unittest.TestCase):\n    def test_a(self):\n        self.assertTrue(1)"], [], "unittest"),
        ("python", [], [], "pytest"),
        ("typescript", ["import { it } from 'vitest'"], ['"jest": "^29"'], "Vitest"),
        ("typescript", ["describe('x', () => {})"], ['"jest": "^29"'], "Jest"),
        ("javascript", ["const { expect } = require('chai')"], [], "Mocha with Chai"),
        ("javascript", ["import test from 'node:test'"], [], "node:test"),
        ("go", ['import "github.com/stretchr/testify/assert"\nfunc TestA(t *testing.T) {}'], [], "the testing package with testify"),
        ("java", ["import org.junit.jupiter.api.Test;"], [], "JUnit 5"),
        ("java", ["import org.junit.Test;"], [], "JUnit 4"),
        ("ruby", ["RSpec.describe Cart do"], [], "RSpec"),
        ("rust", [], [], "cargo's #[test]"),
        ("cobol", [], [], ""),
    ],
)  # fmt: skip
def test_which_framework(language: str, tests: list[str], configs: list[str], expected: str) -> None:
    """What tests use counts first, then what the configuration names, then what is usual."""
    assert detect_framework(language, tests, configs) == expected


JAVA = "package shop;\n\nimport org.junit.jupiter.api.Test;\n\nclass CartTest {\n    @Test\n    void one() {\n    }\n}\n"


@pytest.mark.parametrize(
    ("language", "existing", "added", "expected"),
    [
        pytest.param(
            "java",
            JAVA,
            "package shop;\n\nimport org.junit.jupiter.api.Test;\nimport java.util.List;\n\nclass CartTest {\n    @Test\n    void two() {\n    }\n}\n",
            JAVA.replace("api.Test;\n", "api.Test;\nimport java.util.List;\n").replace("    }\n}\n", "    }\n\n    @Test\n    void two() {\n    }\n}\n"),
            id="methods join the class",
        ),
        pytest.param(
            "python",
            "import pytest\n\n\nclass TestCart:\n    def test_a(self):\n        pass\n\n\ndef helper():\n    pass\n",
            "class TestCart:\n    def test_b(self):\n        pass\n",
            "import pytest\n\n\nclass TestCart:\n    def test_a(self):\n        pass\n\n    def test_b(self):\n        pass\n\n\ndef helper():\n    pass\n",
            id="methods join the class of tests",
        ),
        pytest.param(
            "typescript",
            'import { it } from "vitest";\nimport { a } from "./a";\n\nit("x", () => {});\n',
            'import { expect, it } from "vitest";\nimport { a } from "./a";\n\nit("y", () => {\n  expect(a).toBe(1);\n});\n',
            'import { it } from "vitest";\nimport { a } from "./a";\nimport { expect } from "vitest";\n\nit("x", () => {});\n\nit("y", () => {\n  expect(a).toBe(1);\n});\n',
            id="only missing names are imported",
        ),
        pytest.param(
            "python",
            "def test_a():\r\n    pass\r\n",
            "import os\n\n\ndef test_b():\n    os.getcwd()\n",
            "import os\r\n\r\ndef test_a():\r\n    pass\r\n\r\n\r\ndef test_b():\r\n    os.getcwd()\r\n",
            id="line ends stay as they are",
        ),
    ],
)  # fmt: skip
def test_merging(language: str, existing: str, added: str, expected: str) -> None:
    """Added tests go where tests of this kind stand, and the result parses."""
    merged = merged_tests(existing, added, language, TreeSitterParser())

    assert merged == expected
    assert syntax_problem(TreeSitterParser(), language, merged) == ""


@pytest.mark.parametrize("added", ["#[test]\nfn adds() {\n    assert_eq!(add(1, 1), 2);\n}", "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 1), 2);\n    }\n}"])  # fmt: skip
@pytest.mark.parametrize(
    "existing",
    [
        "pub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n",
        "pub fn add(a: u8, b: u8) -> u8 {\n    a + b\n}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn first() {}\n}\n",
    ],
)
def test_rust_tests_stand_in_the_file(existing: str, added: str) -> None:
    """Rust's tests go into `mod tests` of the same file, which is made when there is none."""
    merged = with_inline_tests(existing, added, TreeSitterParser())

    assert merged.count("mod tests") == 1
    assert merged.count("use super::*;") == 1
    assert "\n    #[test]\n    fn adds() {\n        assert_eq!(add(1, 1), 2);\n    }\n}\n" in merged
    assert syntax_problem(TreeSitterParser(), "rust", merged) == ""


@pytest.mark.parametrize(
    ("before", "after"),
    [("", "x"), ("abc", "abc"), ("aXb", "aYb"), ("é1", "è1"), ("aaa", "aa"), ("ab", "abab"), ("x\n", "")],
)
def test_the_smallest_edit_makes_the_text(before: str, after: str) -> None:
    """Applying the edit gives exactly the wanted text, and never cuts a character in two."""
    assert applied(before, replaced("a.py", before, after)) == after


DOCUMENTED = [
    pytest.param("a.py", "def add(a, b):\n    return a + b\n", "add", "Add two numbers.", 'def add(a, b):\n    """Add two numbers."""\n    return a + b\n', id="python"),
    pytest.param("a.py", "class A:\n    def add(self):\n        return 1\n", "add", "Add.\n\nReturns:\n    One.", 'class A:\n    def add(self):\n        """Add.\n\n        Returns:\n            One.\n        """\n        return 1\n', id="python method"),
    pytest.param("a.ts", "export function add(a: number) {\n  return a;\n}\n", "add", "```\n/** Adds */ \n```", "/** Adds */\nexport function add(a: number) {\n  return a;\n}\n", id="typescript"),
    pytest.param("a.go", "package a\n\nfunc Add() {}\n", "Add", "// Add adds.", "package a\n\n// Add adds.\nfunc Add() {}\n", id="go"),
    pytest.param("a.rs", "fn add() {}\n", "add", "Adds.\n\nTwice.", "/// Adds.\n///\n/// Twice.\nfn add() {}\n", id="rust"),
    pytest.param("A.java", "class A {\n    @Override\n    void add() {}\n}\n", "add", "Ends */ here.\n\nMore.", "class A {\n    /**\n     * Ends * / here.\n     *\n     * More.\n     */\n    @Override\n    void add() {}\n}\n", id="java"),
    pytest.param("a.rb", "def add\nend\n", "add", "Adds.", "# Adds.\ndef add\nend\n", id="ruby"),
    pytest.param("a.py", "def add(a):\r\n    return a\r\n", "add", "Add.", 'def add(a):\r\n    """Add."""\r\n    return a\r\n', id="line ends"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "name", "reply", "expected"), DOCUMENTED)
async def test_document_writes_the_languages_comment(
    path: str, text: str, name: str, reply: str, expected: str
) -> None:
    """The model's words become a doc comment of the language, at the place where it belongs."""
    project = await open_project({path: text}, FakeChat(reply))

    _, answer = await collect(project.assistant.document(project.select(path, name)))

    assert applied(text, answer.edits[0]) == expected
    assert answer.status == "complete"


async def test_what_is_documented_stays_as_it_is() -> None:
    """Existing documentation is not overwritten; the user is told what to do."""
    project = await open_project(workspace_files("accounts"), FakeChat("x"))

    with pytest.raises(RequestError, match="has documentation already"):
        await collect(project.assistant.document(project.select("accounts/service.py", "delete_user")))
