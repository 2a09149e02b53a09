"""`firsthand search`: hits for scripts and for people."""

import json
from pathlib import Path

import pytest

from fakes.application import FakeApplication, new_terminal
from firsthand.cli.arguments import parse
from firsthand.cli.commands import search as search_command
from firsthand.cli.opening import scope_of
from firsthand.cli.run import run
from firsthand.core.model import Scope

FILES = {
    "src/auth.txt": "refresh the token\nand then store it\n",
    "src/ship.txt": "shipping cost by weight\n",
}


def search(*argv: str, stdin: str = "", application: FakeApplication | None = None) -> tuple[int, str, str]:
    terminal = new_terminal(stdin)
    code = run(["search", *argv, "--root", str(Path.cwd())], terminal, application or FakeApplication(FILES))
    return code, terminal.stdout.getvalue(), terminal.stderr.getvalue()


def test_json_is_a_list_of_hits() -> None:
    """Each hit has exactly the promised keys; lines count from 1; the index is brought up to date first."""
    code, out, err = search("refresh token", "--json", "--limit", "1")

    hits = json.loads(out)
    assert (code, err, len(hits)) == (0, "", 1)
    assert list(hits[0]) == [
        *("path", "startLine", "endLine", "symbol", "kind", "language", "score", "reasons"),
    ]
    assert (hits[0]["path"], hits[0]["startLine"], hits[0]["endLine"]) == ("src/auth.txt", 1, 2)
    assert all(isinstance(reason, str) for reason in hits[0]["reasons"])
    assert isinstance(hits[0]["score"], float)


def test_words_need_no_quotes() -> None:
    """Several words are one query."""
    assert json.loads(search("shipping", "cost", "--json")[1])[0]["path"] == "src/ship.txt"


def test_batch_prints_one_list_a_line_in_order(tmp_path: Path) -> None:
    """Line n of the output answers line n of the file, also when that line is blank; the index is opened once."""
    application = FakeApplication(FILES)
    batch = tmp_path / "queries.txt"
    batch.write_text("shipping cost\n\nrefresh token\n")

    code, out, _ = search("--batch", str(batch), "--json", "--limit", "1", application=application)

    assert code == 0
    assert [[hit["path"] for hit in json.loads(line)] for line in out.splitlines()] == [
        ["src/ship.txt"],
        [],
        ["src/auth.txt"],
    ]
    assert len(application.opened) == 1


def test_batch_and_query_from_stdin() -> None:
    """A dash reads standard input, one query or many."""
    assert len(search("--batch", "-", "--json", stdin="token\ncost\n")[1].splitlines()) == 2
    assert json.loads(search("-", "--json", stdin="shipping cost\n")[1])[0]["path"] == "src/ship.txt"


@pytest.mark.parametrize(
    ("argv", "exit_code", "message"),
    [
        ([], 2, "Give either a QUERY or --batch FILE"),
        (["x", "--batch", "-"], 2, "Give either a QUERY or --batch FILE"),
        (["--batch", "/nowhere.txt"], 1, "/nowhere.txt cannot be read as a list of queries"),
    ],
)
def test_what_cannot_be_searched_for(argv: list[str], exit_code: int, message: str) -> None:
    """A search without words, or with a list that is not there, fails in one sentence."""
    code, out, err = search(*argv)

    assert (code, out) == (exit_code, "")
    assert message in err


def test_nothing_found() -> None:
    """A person gets a sentence and exit code 1, like grep's; a script gets an empty list and 0."""
    empty = FakeApplication({})

    code, out, err = search("zebra", application=empty)
    assert (code, out) == (1, "")
    assert err == "Nothing was found; try other words, or fewer limits on where to look.\n"
    assert search("zebra", "--json", application=empty)[:2] == (0, "[]\n")


def test_a_person_sees_where_what_and_why() -> None:
    """A hit shows a path that opens, the facts, and its first lines with their numbers."""
    _, out, _ = search("refresh token", "--limit", "1", "--lines", "1")

    head, facts, excerpt = out.rstrip().splitlines()
    assert head == " 1  src/auth.txt:1-2"
    assert facts.startswith("    text · text · ")
    assert excerpt == "    1 │ refresh the token"


def test_lines_can_be_left_out() -> None:
    """`--lines 0` shows places only."""
    assert "│" not in search("refresh token", "--lines", "0")[1]


def test_an_excerpt_is_read_again() -> None:
    """What is shown is what the file says now, also when the index is older."""
    application = FakeApplication(FILES)
    search("refresh token", application=application)
    application.tree.write("src/auth.txt", "a new first line\nrefresh the token\nand then store it\n")

    _, out, _ = search("refresh token", "--limit", "1", "--no-index", application=application)

    assert " 1  src/auth.txt:2-3" in out
    assert "    2 │ refresh the token" in out


def test_code_cannot_take_over_the_terminal() -> None:
    """Control characters in code are replaced before they reach the screen."""
    application = FakeApplication({"evil.txt": "token \x1b]8;;http://evil\x07 \x9b31m \u202e\n"})

    out = search("token", application=application)[1]

    assert not any(sign in out for sign in "\x1b\x07\x9b\u202e")


def test_another_writer_does_not_keep_a_search_waiting() -> None:
    """While another process writes, the search uses what is there and says so."""
    application = FakeApplication(FILES)
    search("token", application=application)
    application.busy_times = 1

    code, out, err = search("refresh token", "--json", application=application)

    assert (code, json.loads(out)[0]["path"]) == (0, "src/auth.txt")
    assert "Process 4711 is writing this index" in err


def test_no_index_leaves_the_index_alone() -> None:
    """`--no-index` searches what is indexed, which is nothing at first."""
    application = FakeApplication(FILES)

    assert search("token", "--no-index", "--json", application=application)[1] == "[]\n"
    assert application.store.commits == 0


@pytest.mark.parametrize(
    ("flags", "scope"),
    [
        ([], Scope()),
        (["--path", "src", "--path", "lib/*.py"], Scope(paths=("src", "lib/*.py"))),
        (["--path", "./sub"], Scope(paths=("sub",))),
        (["--language", "Python,go", "--language", "rust"], Scope(languages=("python", "go", "rust"))),
        (["--lang", "ts"], Scope(languages=("typescript",))),
        (["--kind", "class,test"], Scope(kinds=("class", "test"))),
        (["--changed-since", "main"], Scope(changed_since="main")),
        (["--tests"], Scope(tests=True)),
        (["--no-tests"], Scope(tests=False)),
    ],
)
def test_scope_flags(flags: list[str], scope: Scope) -> None:
    """Scope flags say where to look: relative to the root, or to the current folder with a dot."""
    assert scope_of(parse(["search", "x", *flags]), Path.cwd()) == scope


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--lang", "klingon"], "'klingon' is no language that Firsthand knows"),
        (["--kind", "thing"], "'thing' is none of the kinds: function, method"),
    ],
)
def test_a_scope_that_cannot_be(flags: list[str], message: str) -> None:
    """A language or kind that there is not is refused, rather than finding nothing."""
    code, out, err = search("x", *flags)

    assert (code, out) == (2, "")
    assert message in err


def test_filters_in_the_query_are_said() -> None:
    """A filter in the words limits the search; a person reads it above the hits, a script on standard error."""
    application = FakeApplication(FILES, revisions={"main": ["src/ship.txt"]})

    person = search("token", "cost", "changed:main", application=application)
    script = search("--json", "token cost changed:main", application=application)

    assert person[1].startswith("Only this was searched: changed since: main.\n 1  src/ship.txt")
    assert [hit["path"] for hit in json.loads(script[1])] == ["src/ship.txt"]
    assert script[2] == "Only this was searched: changed since: main.\n"
    assert "src/auth.txt" not in search("token", "--changed-since", "main", application=application)[1]


def test_an_unknown_revision_fails() -> None:
    """The search stops with what git says, whether a flag or a word named the revision."""
    for argv in (["x", "--changed-since", "gone"], ["x", "changed:gone"]):
        code, out, err = search(*argv)
        assert (code, out) == (1, "")
        assert "git knows no revision gone" in err


def test_an_absolute_path_is_below_the_root(tmp_path: Path) -> None:
    """A shell completes paths to absolute ones; they mean the same place."""
    assert scope_of(parse(["search", "x", "--path", str(tmp_path / "a" / "b")]), tmp_path).paths == ("a/b",)


def test_a_path_that_is_there_is_meant_itself(tmp_path: Path) -> None:
    """A shell hands over the name of a file with a star as it is; a glob that names nothing stays a glob."""
    (tmp_path / "star*.py").touch()
    arguments = parse(
        ["search", "x", "--path", "star*.py", "--path", str(tmp_path / "star*.py"), "--path", "s*.py"]
    )

    assert scope_of(arguments, tmp_path).paths == ("star\\*.py", "star\\*.py", "s*.py")


def test_an_explanation_shows_the_numbers() -> None:
    """A person reads the places, the scores and the rules below the hits; a script gets them with each hit."""
    _, out, _ = search("refresh token", "--explain", "--limit", "1")
    plain, explained = (
        json.loads(search("refresh token", "--json", "--limit", "1", *flags)[1])[0]
        for flags in ([], ["--explain"])
    )

    heading, row = out.partition("\n\n")[2].splitlines()[:2]
    assert heading.split() == ["#", "score", "keywords", "meaning", "together", "rules"]
    trace = explained.pop("explanation")
    assert explained == plain
    assert list(trace) == ["keywords", "meaning", "fused", "factors"]
    assert trace["keywords"]["place"] == trace["meaning"]["place"] == 1
    assert row.split()[:2] == ["1", f"{plain['score']:.3f}"]
    assert {"rule": "documentation", "value": 0.4} in trace["factors"]


def test_a_first_search_does_not_wait_for_thousands_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not indexed when time is up is read; that is said, and the next search finds more indexed."""
    monkeypatch.setattr(search_command, "SWEEP_SECONDS", 0.0)
    application = FakeApplication(FILES)

    code, out, err = search("shipping cost", application=application)

    assert code == 0
    assert out.split()[:2] == ["1", "src/ship.txt:1"]
    assert err == (
        "Indexing was cut short for this; files that are not indexed yet are searched by reading them. "
        "To finish that now, run: firsthand index\n"
        "2 files are not indexed yet and searched by reading them.\n"
    )
    monkeypatch.undo()
    assert search("shipping cost", application=application)[2] == ""


def test_an_index_to_be_used_as_it_is_is_not_helped_by_reading() -> None:
    """With `--no-index` nothing is found where nothing is indexed."""
    application = FakeApplication(FILES)

    assert search("shipping cost", "--no-index", application=application)[0] == 1
    assert application.tree.peeks == []
