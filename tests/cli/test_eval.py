"""`firsthand eval`: a table for people, an object for scripts, a page to keep."""

import itertools
import json
import re
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fakes.application import FakeApplication, new_terminal
from firsthand.app import LearnedMap
from firsthand.cli.run import run
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.evaluation_questions import Change
from firsthand.core.question_map import Verdict
from firsthand.errors import ModelFailedError

SUBJECTS = (
    *("invoice", "customer", "payment", "shipping", "discount", "refund"),
    *("catalogue", "warehouse", "delivery", "voucher", "currency", "address"),
)
FILES = {
    f"src/{subject}_rules.py": (
        f'def compute_{subject}(order):\n    """Compute the {subject} of one order for the ledger."""\n'
        f"    return order.{subject}\n"
    )
    for subject in SUBJECTS
}

UNTOLD = {
    f"src/m{number:03}.py": (
        f'def f{number:03}(x):\n    """Reckon {one}{two} {two}{one} with great care."""\n    return x + {number}\n'
    )
    for number, (one, two) in enumerate(itertools.product("abcdefghijkl", "mnopqrstuvwx"))
}


def test_a_person_gets_a_table_and_a_verdict(tmp_path: Path) -> None:
    """What was searched, how many questions were asked, a row for each way of searching, and what that means."""
    application, terminal = FakeApplication(FILES), new_terminal()

    code = run(["eval", str(tmp_path)], terminal, application)

    lines = terminal.stdout.getvalue().splitlines()
    assert code == 0
    assert lines[0].startswith("Searched 12 files, 12 chunks; seed 0, ")
    assert lines[2:4] == [
        "What a function's documentation says → the function",
        "12 of 12 documented functions were asked.",
    ]
    assert lines[4].split() == [
        *("MRR@10", "NDCG@10", "Top-1", "Recall@5", "Recall@10", "r2k", "files", "NDCG@10"),
    ]
    assert lines[5].startswith("hybrid, fake ")
    assert lines[6].startswith("keywords alone ")
    assert lines[7].startswith(("No clear difference between hybrid, fake and keywords alone: ", "Better: "))
    assert lines[-1] == "Not measured: git knows no commits of this folder (0 found)."
    assert application.closed == 1


def test_numbers_stand_below_their_names(tmp_path: Path) -> None:
    """Every row ends where the heading ends, so that a number can be read by its column."""
    terminal = new_terminal()

    run(["eval", str(tmp_path)], terminal, FakeApplication(FILES))

    heading, *rows = terminal.stdout.getvalue().splitlines()[4:7]
    assert {len(row) for row in rows} == {len(heading)}


def test_a_script_gets_one_object(tmp_path: Path) -> None:
    """Everything that the table shows, with intervals, in keys that scripts can rely on."""
    application, terminal = FakeApplication(FILES), new_terminal()
    application.changes.told = [
        Change(f"Round the {subject} of an order up", (f"src/{subject}_rules.py",)) for subject in SUBJECTS
    ]

    code = run(["eval", str(tmp_path), "--json", "--questions", "11", "--seed", "3"], terminal, application)

    result = json.loads(terminal.stdout.getvalue())
    assert code == 0
    assert terminal.stderr.getvalue() == ""
    assert list(result) == [
        *("root", "files", "filesInWorkspace", "chunks", "seed", "seconds"),
        *("methods", "questions", "notes", "scores", "comparisons"),
    ]
    assert (result["root"], result["seed"], result["filesInWorkspace"]) == (str(tmp_path), 3, 12)
    assert result["questions"][2] == {"kind": "commit", "asked": 11, "available": 12, "missing": ""}
    assert [(row["method"], row["kind"]) for row in result["scores"]] == [
        ("hybrid, fake", "docstring"),
        ("keywords alone", "docstring"),
        ("hybrid, fake", "commit"),
        ("keywords alone", "commit"),
    ]
    assert list(result["scores"][0]) == [
        *("method", "kind", "mrr10", "ndcg10", "top1", "recall5", "recall10", "r2k", "fileNdcg10"),
    ]
    assert list(result["scores"][0]["mrr10"]) == ["mean", "low", "high"]
    assert list(result["comparisons"][0]) == ["kind", "first", "other", "ndcg10", "isClear"]


class PageReader(HTMLParser):
    """Notes what a page could load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "link", "img"):
            self.outside.append(tag)
        self.outside += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href") or name[:2] == "on"
        ]


def test_a_page_with_a_plot(tmp_path: Path) -> None:
    """The page stands alone: a plot with a bar and an interval for each way of searching, nothing to load or run."""
    report = tmp_path / "search.html"
    terminal = new_terminal()

    code = run(["eval", str(tmp_path), "--report", str(report)], terminal, FakeApplication(FILES))

    page = report.read_text(encoding="utf-8")
    reader = PageReader()
    reader.feed(page)
    plot = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    assert code == 0
    assert reader.outside == []
    assert "default-src 'none'" in page
    assert len(plot.findall("rect")) == 2
    assert len(plot.findall("line[@class='whisker']")) == 2
    assert f"The report is in {report}." in terminal.stderr.getvalue()


def test_names_cannot_become_markup(tmp_path: Path) -> None:
    """A folder's name is text on the page, whatever signs it has."""
    root, report = tmp_path / "a<img src=x>", tmp_path / "search.html"
    root.mkdir()

    run(["eval", str(root), "--report", str(report)], new_terminal(), FakeApplication(FILES))

    assert "a&lt;img src=x&gt;" in report.read_text(encoding="utf-8")
    assert "<img" not in report.read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    """Nobody waits a minute to learn that the folder is missing."""
    application, terminal = FakeApplication(FILES), new_terminal()

    code = run(["eval", str(tmp_path), "--report", str(tmp_path / "no" / "a.html")], terminal, application)

    assert code == 1
    assert "cannot be written: give a file in a folder that exists." in terminal.stderr.getvalue()
    assert application.opened == []


def test_nothing_to_measure(tmp_path: Path) -> None:
    """A folder that asks nothing about itself is an error that says what is missing."""
    terminal = new_terminal()

    code = run(["eval", str(tmp_path)], terminal, FakeApplication({"notes.txt": "nothing\n"}))

    assert code == 1
    assert terminal.stderr.getvalue() == (
        "firsthand: There is nothing to measure search with here: too few functions say in a sentence of their own "
        "what they do; too few tests call a function or class that is defined once; "
        "git knows no commits of this folder.\n"
    )
    assert terminal.stdout.getvalue() == ""


def test_a_model_that_fails_is_said_in_its_own_words(tmp_path: Path) -> None:
    """No table comes of half an index."""
    application, terminal = FakeApplication(FILES), new_terminal()
    application.embedder.failure = ModelFailedError("The model ran out of memory; free some.")

    assert run(["eval", str(tmp_path)], terminal, application) == 1
    assert terminal.stderr.getvalue() == "firsthand: The model ran out of memory; free some.\n"
    assert application.closed == 1


@pytest.mark.parametrize("flags", [["--questions", "0"], ["--chunks", "x"], ["--seed", "-1"]])
def test_numbers_that_mean_nothing_are_wrong_usage(flags: list[str], tmp_path: Path) -> None:
    """A number that cannot be meant is refused before any work."""
    application = FakeApplication(FILES)

    assert run(["eval", str(tmp_path), *flags], new_terminal(), application) == 2
    assert application.opened == []


def test_a_chat_model_is_asked_fewer_questions(tmp_path: Path) -> None:
    """Its help is measured when a setting asks for it, over 20 questions of each kind unless more are wanted."""
    many = {
        f"src/{at}.py": f'def work{at}(order):\n    """Sum the parts of order number n{at}."""\n'
        for at in range(25)
    }
    kinds = []
    for flags in (["--rerank", "--multi-query"], ["--rerank", "--questions", "23"], []):
        application, terminal = FakeApplication(many), new_terminal()
        assert run(["eval", str(tmp_path), "--json", *flags], terminal, application) == 0
        asked = json.loads(terminal.stdout.getvalue())["questions"][0]["asked"]
        kinds.append((application.opened[0].rerank, application.opened[0].multi_query, asked))

    assert kinds == [(True, True, 20), (True, False, 23), (False, False, 25)]


class TestLearning:
    """`eval --learn` and `--forget`."""

    def test_a_map_without_a_clear_gain_is_not_kept(self, tmp_path: Path) -> None:
        """Of how many questions was learned, what the rest says, and that nothing has changed."""
        application, terminal = FakeApplication(UNTOLD), new_terminal()
        run(["index", str(tmp_path)], new_terminal(), application)

        code = run(["eval", str(tmp_path), "--learn"], terminal, application)

        learned, numbers, decision = terminal.stdout.getvalue().splitlines()
        assert code == 0
        assert re.fullmatch(r"Learned from \d+ questions of this repository, judged by \d+ others\.", learned)
        assert re.fullmatch(
            r"NDCG@10 of search 0\.\d+ → 0\.\d+: [+-]0\.\d+ \[[+-]0\.\d+, [+-]0\.\d+\]\.", numbers
        )
        assert decision == (
            "Not kept: chance may explain the difference, so searches use the embedder as it is."
        )
        assert application.learned is None

    def test_a_script_gets_the_decision(self, tmp_path: Path) -> None:
        """One object: from what, by what it was judged, the numbers, and whether it is kept."""
        application, terminal = FakeApplication(UNTOLD), new_terminal()
        run(["index", str(tmp_path)], new_terminal(), application)

        run(["eval", str(tmp_path), "--learn", "--json"], terminal, application)

        result = json.loads(terminal.stdout.getvalue())
        assert list(result) == ["root", "learnedFrom", "judgedBy", "ndcg10", "kept"]
        assert list(result["ndcg10"]) == ["without", "mapped", "gain"]
        assert result["kept"] is False

    def test_without_an_index_nothing_is_learned(self, tmp_path: Path) -> None:
        """The message says what to run first."""
        terminal = new_terminal()

        code = run(["eval", str(tmp_path), "--learn"], terminal, FakeApplication(UNTOLD))

        assert code == 1
        assert "run firsthand index first" in terminal.stderr.getvalue()

    def test_what_was_learned_is_told_and_forgotten(self, tmp_path: Path) -> None:
        """Status says what a map was worth, unless there is none; forgetting twice is no error."""
        application = FakeApplication({"a.py": "x = 1\n"})
        verdict = Verdict(100, 40, 0.5, 0.56, Estimate(0.06, 0.02, 0.1))
        application.learned = LearnedMap("fake", True, datetime(2026, 1, 2, 12, tzinfo=UTC), verdict)
        said = []
        for command in (
            ["status", "--root"],
            ["eval", "--forget"],
            ["eval", "--forget"],
            ["status", "--root"],
        ):
            terminal = new_terminal()
            assert run([*command, str(tmp_path)], terminal, application) == 0
            said.append(terminal.stdout.getvalue())

        assert (
            "a map of questions: NDCG@10 +0.060 [+0.020, +0.100] on 2026-01-02; "
            "firsthand eval --forget ends its use" in " ".join(said[0].split())
        )
        assert said[1] == "Forgotten: searches use the embedder as it is.\n"
        assert said[2] == "Nothing was learned for this folder; to learn: firsthand eval --learn\n"
        assert "map of questions" not in said[3]

    def test_a_map_of_another_embedder_is_told_apart(self, tmp_path: Path) -> None:
        """A person sees that a map is there and not used, a script too."""
        application = FakeApplication({"a.py": "x = 1\n"})
        verdict = Verdict(100, 40, 0.5, 0.56, Estimate(0.06, 0.02, 0.1))
        application.learned = LearnedMap("other", False, datetime(2026, 1, 2, 12, tzinfo=UTC), verdict)
        for_people, for_scripts = new_terminal(), new_terminal()

        run(["status", "--root", str(tmp_path)], for_people, application)
        run(["status", "--root", str(tmp_path), "--json"], for_scripts, application)

        assert "a map of questions for other vectors (other), which is not used" in " ".join(
            for_people.stdout.getvalue().split()
        )
        told = json.loads(for_scripts.stdout.getvalue())["questionMap"]
        assert (told["embedder"], told["isUsed"]) == ("other", False)
        assert told["ndcg10"]["gain"] == {"mean": 0.06, "low": 0.02, "high": 0.1}
