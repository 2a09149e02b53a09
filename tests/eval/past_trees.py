"""A repository as it was some time ago, and what later commits changed in it: subjects with files and lines.

A commit is asked about when all lines that it replaced in files of code stood in that old tree already: then they
are lines of the tree that is searched, and nothing of the commit's own is in there.
"""

import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from firsthand.core.evaluation_metrics import Place
from firsthand.core.evaluation_questions import Change, questions_of_commits
from firsthand.core.languages import is_test_path, language_of
from firsthand.core.model import Outline

# How far back to look, in commits; the nearest tree that gives enough questions is taken.
_AGES = (50, 100, 200, 400, 800)
_ENOUGH = 100
_MOST_FILES = 5
# A commit that replaced more places than this is a sweep.
_MOST_PLACES = 10
# Lines that lie closer together than this were changed as one.
_SAME_PLACE = 4
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_RAW = re.compile(r":\d+ \d+ [0-9a-f]+ [0-9a-f]+ ([A-Z])\t(.+)")
_COMMIT = "\x01"
_NO_CODE = frozenset("text markdown rst json yaml toml ini xml html".split())


@dataclass(frozen=True)
class PastChange:
    """A later commit: its subject and the lines that it replaced, as they are numbered in the old tree."""

    subject: str
    places: tuple[Place, ...]


@dataclass(frozen=True)
class PastTree:
    """A folder with the files of an old revision, and the changes that came after it."""

    root: Path
    changes: tuple[PastChange, ...]


def past_tree(git_folder: Path, revision: str, below: str, out: Path) -> PastTree:
    """Lay out the tree of some hundred commits before `revision`.

    Args:
        below: folder of the repository that is searched; all of it when empty.
        out: where trees are put; one that is there is used again.
    """
    base, changes = _chosen(git_folder, revision, below)
    root = out / base[:12]
    if not root.is_dir():
        partial = out / f"{base[:12]}.partial"
        partial.mkdir(parents=True)
        archive = partial / "tree.tar"
        _git(git_folder, "archive", f"--output={archive}", base, *([below] if below else []))
        with tarfile.open(archive) as opened:
            opened.extractall(partial, filter="data")
        archive.unlink()
        partial.rename(root)
    return PastTree(root / below, changes)


def questions_of_past(
    changes: Sequence[PastChange], outlines: Mapping[str, Outline]
) -> dict[str, tuple[Place, ...]]:
    """Return what to ask for each change that says something, and the lines that answer it."""
    found: dict[str, tuple[Place, ...]] = {}
    for change in changes:
        paths = tuple({place.path for place in change.places})
        for question in questions_of_commits([Change(change.subject, paths)], outlines):
            files = {target.path for target in question.targets}
            places = tuple(place for place in change.places if place.path in files)
            if len(places) <= _MOST_PLACES:
                found.setdefault(question.text, places)
    return found


def _chosen(git_folder: Path, revision: str, below: str) -> tuple[str, tuple[PastChange, ...]]:
    base: str = revision
    changes: tuple[PastChange, ...] = ()
    for age in _AGES:
        found = _git(git_folder, "rev-list", "--first-parent", f"--skip={age}", "-n1", revision).strip()
        if not found or (below and not _git(git_folder, "ls-tree", found, below)):
            break
        base, changes = found, tuple(_changes(git_folder, found, revision, below))
        if len(changes) >= _ENOUGH:
            break
    return base, changes


def _changes(git_folder: Path, base: str, revision: str, below: str) -> Iterator[PastChange]:
    log = _git(
        git_folder,
        *("log", "--no-merges", "--raw", "--no-renames", "-p", "-U0", "--no-textconv", "--no-ext-diff"),
        *(f"--format={_COMMIT}%H %s", f"{base}..{revision}", "--", below or "."),
    )
    for entry in log.split(_COMMIT)[1:]:
        commit, _, subject = entry.partition("\n")[0].partition(" ")
        changed = [match.groups() for match in map(_RAW.match, entry.splitlines()) if match]
        code = [path for kind, path in changed if kind != "A" and _is_code(path)]
        if not 0 < len(code) <= _MOST_FILES:
            continue
        places: list[Place] = []
        for path in code:
            earlier = _earlier(git_folder, base, f"{commit}^", path, _replaced(_part(entry, path)))
            if not earlier:
                places = []
                break
            places += (Place(path[len(below) + bool(below) :], *lines) for lines in earlier)
        if places:
            yield PastChange(subject, tuple(places))


def _is_code(path: str) -> bool:
    return language_of(path) not in _NO_CODE and not is_test_path(path)


def _part(diff: str, path: str) -> str:
    return diff.partition(f"\n--- a/{path}\n")[2].partition("\ndiff --git ")[0]


def _replaced(diff: str) -> list[tuple[int, int]]:
    """Return the lines of the old file that a diff of it replaces; an insertion stands for the line above it."""
    found: list[tuple[int, int]] = []
    for match in map(_HUNK.match, diff.splitlines()):
        if match is None:
            continue
        first = max(int(match[1]), 1)
        last = first + max(int(match[2] or 1), 1) - 1
        if found and first - found[-1][1] < _SAME_PLACE:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _earlier(
    git_folder: Path, base: str, revision: str, path: str, lines: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Return where lines of a revision stood in the base; nothing when one of them was written since then."""
    since = _git(git_folder, "diff", "-U0", "--no-renames", "--no-textconv", base, revision, "--", path)
    hunks = [tuple(int(value or 1) for value in match.groups()) for match in _HUNK.finditer(since)]
    if "\nnew file mode" in since:
        return []
    found = []
    for first, last in lines:
        shift = 0
        for _, removed, start, added in hunks:
            if added and start <= last and first < start + added:
                return []
            if start < first:
                shift += removed - added
        found.append((first + shift, last + shift))
    return found


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode(errors="replace")
