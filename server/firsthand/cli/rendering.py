"""Results for people: hits, sources, states and findings, as styled lines."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.text import Text

from firsthand.app import CacheSizes, Finding, LearnedMap
from firsthand.cli.application import CatalogueModel, InstalledModel
from firsthand.cli.terminal import Terminal, visible
from firsthand.core.answers import Answer, CharacterRange, UngroundedName
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.file_standing import FileStanding
from firsthand.core.model import FileRecord, Hit, IndexReport
from firsthand.core.workspace import ModelOffer, WorkspaceStatus

_STANDING_STYLES = {"indexed": "green", "failed": "red", "missing": "red"}
_STATE_STYLES = {"ok": "green", "warning": "yellow", "error": "red"}
_STATE_SIGNS = {"ok": "✓", "warning": "!", "error": "✗"}


def location(terminal: Terminal, root: Path, path: str, start_line: int, end_line: int) -> Text:
    """Return `path:line-line` as the current folder sees it; a click opens it."""
    file = root / path
    lines = f"{start_line}" if start_line == end_line else f"{start_line}-{end_line}"
    link = terminal.link(file)
    style = f"cyan link {link}" if link else "cyan"
    return Text(f"{visible(seen_from_here(file, root))}:{lines}", style=style)


def seen_from_here(file: Path, root: Path) -> str:
    """Return a path relative to the current folder when that is near, else absolute."""
    here = Path.cwd()
    if file.is_relative_to(here) or here.is_relative_to(root):
        return os.path.relpath(file, here)
    return str(file)


def hit_lines(
    terminal: Terminal, root: Path, number: int, hit: Hit, lines: tuple[int, int], excerpt: Sequence[str]
) -> list[Text]:
    """One hit: where it is, what it is, why it is here, and its first lines."""
    chunk = hit.chunk
    head = Text.assemble(
        (f"{number:>2}  ", "bold"),
        location(terminal, root, chunk.path, *lines),
        (f"  {visible(chunk.qualified_name)}", "bold") if chunk.qualified_name else "",
    )
    facts = " · ".join([chunk.kind, chunk.language, *hit.reasons])
    shown = [Text(f"    {visible(facts)}", style="dim")]
    width = len(str(lines[0] + len(excerpt)))
    for offset, line in enumerate(excerpt):
        shown.append(Text.assemble((f"    {lines[0] + offset:>{width}} │ ", "dim"), visible(line)))
    return [head, *shown]


def answer_notes(terminal: Terminal, root: Path, answer: Answer) -> list[Text]:
    """What stands below an answer: sources, doubts, the model and the time of each stage."""
    return [
        *_sources(terminal, root, answer),
        *_unsupported(answer.text, answer.unsupported),
        *_ungrounded(answer.ungrounded),
        *(Text(f"! {visible(warning)}", style="yellow") for warning in answer.warnings),
        _model_and_times(answer),
    ]


def missing_model(offer: ModelOffer) -> str:
    """Say how to get a model that Ollama lacks."""
    return f"The {offer.role} model is missing; get it with: ollama pull {offer.model}"


def index_summary(report: IndexReport, embedder: str, root: Path) -> Text:
    """One line that says what an indexing run did."""
    counts = [f"{report.files} files", f"{report.chunks} chunks"]
    counts += [f"{report.embedded} embedded, {report.reused} reused"]
    if report.removed:
        counts.append(f"{report.removed} removed")
    if report.skipped:
        counts.append(f"{report.skipped} skipped")
    if report.failed:
        counts.append(f"{report.failed} failed")
    line = f"{visible(str(root))}: {', '.join(counts)} in {report.seconds:.1f} s with {visible(embedder)}"
    return Text(line)


def left_out_lines(records: Iterable[FileRecord]) -> list[Text]:
    """The files that are not in the index, or not as they should be, with the reason."""
    return [
        Text.assemble(
            (f"{record.status:<8}", "red" if record.status == "failed" else "dim"),
            f"{visible(record.path)}  ",
            (visible(record.reason), "dim"),
        )
        for record in records
        if record.status != "indexed" or record.reason
    ]


def standing_lines(standings: Iterable[FileStanding]) -> list[Text]:
    """How single files stand to the index."""
    lines: list[Text] = []
    for standing in standings:
        facts = f"{standing.chunks} pieces, {standing.embedded} with a vector; " if standing.chunks else ""
        head = (f"{standing.state:<9}", _STANDING_STYLES.get(standing.state, "yellow"))
        lines.append(
            Text.assemble(head, f"{visible(standing.path)}  ", (f"{facts}{visible(standing.reason)}", "dim"))
        )
        if standing.rule:
            lines.append(Text(f"  → {visible(standing.rule)}", style="bold"))
    return lines


def status_lines(
    status: WorkspaceStatus, folder: Path, sizes: CacheSizes, learned: LearnedMap | None
) -> list[Text]:
    """How a workspace is doing."""
    stats, models = status.stats, status.models
    facts = [
        ("folder", status.root),
        ("files", f"{stats.files} indexed, {stats.skipped} skipped, {stats.failed} failed"),
        ("chunks", f"{stats.chunks}, {stats.embedded} with a vector"),
        ("embedder", models.embedder),
        *([("learned", _learned(learned))] if learned else []),
        ("chat model", models.chat or "none: answers are cited excerpts"),
        ("commit", status.indexed_commit or "none"),
        ("index", str(folder)),
        ("disk", _disk(sizes)),
    ]
    advice = (
        [] if stats.files or status.health == "error" else ["To index this folder now, run: firsthand index"]
    )
    return [
        _verdict(status.health, status.message),
        *(Text.assemble((f"  {name:<12}", "dim"), visible(value)) for name, value in facts),
        *(_verdict("warning", line) for line in advice),
        *(_verdict("warning", missing_model(offer)) for offer in models.offers),
    ]


def _learned(learned: LearnedMap) -> str:
    gain = f"NDCG@10 {signed(learned.verdict.gain)} on {learned.learned_at.astimezone():%Y-%m-%d}"
    if not learned.is_used:
        return f"a map of questions for other vectors ({learned.embedder}), which is not used: {gain}"
    return f"a map of questions: {gain}; firsthand eval --forget ends its use"


def _disk(sizes: CacheSizes) -> str:
    limit = "no limit" if sizes.most is None else f"at most {size(sizes.most)}"
    other = f"{size(sizes.other_versions)} of it made by another version of Firsthand and not searched"
    mine = f"{size(sizes.index)}, {other}" if sizes.other_versions else size(sizes.index)
    return f"{mine}; all indexes {size(sizes.indexes)}, {limit}"


def signed(difference: Estimate) -> str:
    """Return a difference with its interval."""
    return f"{difference.mean:+.3f} [{difference.low:+.3f}, {difference.high:+.3f}]"


def size(count: int) -> str:
    """Return bytes as people read them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"


def finding_lines(findings: Iterable[Finding]) -> list[Text]:
    """What was checked, and below it what mends or improves it."""
    lines: list[Text] = []
    for finding in findings:
        lines.append(_verdict(finding.state, f"{finding.name}: {finding.message}"))
        if finding.fix:
            lines.append(Text(f"  → {visible(finding.fix)}", style="bold"))
    return lines


def model_lines(catalogue: Sequence[CatalogueModel], installed: Sequence[InstalledModel]) -> list[Text]:
    """The models that can be installed and those that are."""
    here = {model.name: model for model in installed}
    lines: list[Text] = []
    for model in catalogue:
        state = ("✓ installed ", "green") if model.name in here else ("  available ", "dim")
        lines.append(Text.assemble(state, f"{model.alias:<8} {model.name:<20} ", (model.note, "dim")))
    known = {model.name for model in catalogue}
    lines += [
        Text.assemble(("✓ installed ", "green"), f"{'':<8} {visible(model.name)}")
        for model in installed
        if model.name not in known
    ]
    return lines


def _sources(terminal: Terminal, root: Path, answer: Answer) -> list[Text]:
    if not answer.citations:
        return []
    return [
        Text("Sources", style="bold"),
        *(
            Text.assemble(
                (f"  [{item.id}] ", "dim"),
                location(terminal, root, item.path, item.start_line, item.end_line),
            )
            for item in answer.citations
        ),
    ]


def _unsupported(text: str, ranges: Sequence[CharacterRange]) -> list[Text]:
    if not ranges:
        return []
    sentences = [" ".join(text[item.start : item.end].split()) for item in ranges]
    return [
        Text("No source found for", style="bold yellow"),
        *(Text(f"  ? {visible(sentence)}", style="yellow") for sentence in sentences),
    ]


def _ungrounded(names: Sequence[UngroundedName]) -> list[Text]:
    if not names:
        return []
    return [
        Text("Not in this workspace", style="bold yellow"),
        *(Text(f"  ? {visible(_with_nearest(item))}", style="yellow") for item in names),
    ]


def _with_nearest(item: UngroundedName) -> str:
    return f"{item.name} (nearest: {', '.join(item.nearest)})" if item.nearest else item.name


def _model_and_times(answer: Answer) -> Text:
    times = [f"{stage} {milliseconds / 1000:.1f} s" for stage, milliseconds in answer.timings]
    return Text(visible(" · ".join([answer.model or "no chat model", *times])), style="dim")


def _verdict(state: str, message: str) -> Text:
    return Text.assemble((f"{_STATE_SIGNS[state]} ", _STATE_STYLES[state]), visible(message))
