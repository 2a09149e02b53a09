"""What `--json` prints: plain objects in camelCase; scripts rely on every key."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from firsthand.app import CacheSizes, Finding, LearnedMap
from firsthand.cli.application import CatalogueModel, InstalledModel
from firsthand.core.answers import Answer, Budget, CharacterRange, Citation
from firsthand.core.evaluation import COMPARED, Evaluation
from firsthand.core.evaluation_metrics import Estimate
from firsthand.core.model import FileRecord, Hit, IndexReport
from firsthand.core.question_map import Verdict
from firsthand.core.workspace import WorkspaceStatus
from firsthand.settings import camel_case

JsonObject = dict[str, Any]


def index_report(report: IndexReport, embedder: str, root: Path) -> JsonObject:
    """What one indexing run did."""
    return {
        "files": report.files,
        "skipped": report.skipped,
        "chunks": report.chunks,
        "embedded": report.embedded,
        "reused": report.reused,
        "seconds": round(report.seconds, 3),
        "embedder": embedder,
        "failed": report.failed,
        "removed": report.removed,
        "root": str(root),
    }


def hit(found: Hit, *, explain: bool = False) -> JsonObject:
    """One hit of a search; lines count from 1. With `explain`, the numbers behind its score."""
    chunk = found.chunk
    return {
        "path": chunk.path,
        "startLine": chunk.span.start_line,
        "endLine": chunk.span.end_line,
        "symbol": chunk.qualified_name,
        "kind": chunk.kind,
        "language": chunk.language,
        "score": round(found.score, 6),
        "reasons": list(found.reasons),
        **({"explanation": asdict(found.trace) if found.trace else None} if explain else {}),
    }


def answer(finished: Answer, root: Path) -> JsonObject:
    """A finished answer."""
    return {
        "answerId": finished.id,
        "status": finished.status,
        "text": finished.text,
        "citations": [_citation(item, root) for item in finished.citations],
        "unsupported": _ranges(finished.unsupported),
        "ungrounded": [
            {"name": item.name, "spans": _ranges(item.spans), "nearest": list(item.nearest)}
            for item in finished.ungrounded
        ],
        "model": finished.model,
        "budget": _budget(finished.budget),
        "timings": {stage: round(milliseconds, 1) for stage, milliseconds in finished.timings},
        "warnings": list(finished.warnings),
    }


def status(state: WorkspaceStatus, folder: Path, sizes: CacheSizes, learned: LearnedMap | None) -> JsonObject:
    """How a workspace is doing."""
    eta = state.indexing.eta_seconds
    return {
        "health": state.health,
        "message": state.message,
        "root": state.root,
        "stage": state.indexing.stage,
        "files": {
            "total": state.stats.files,
            "skipped": state.stats.skipped,
            "failed": state.stats.failed,
        },
        "chunks": state.stats.chunks,
        "embedded": state.stats.embedded,
        "etaMs": None if eta is None else round(eta * 1000),
        "indexedCommit": state.indexed_commit,
        "models": {
            "provider": state.models.provider,
            "embedder": state.models.embedder,
            "building": asdict(state.building) if state.building else None,
            "chat": state.models.chat,
            "notices": list(state.models.notices),
            "offers": [asdict(offer) for offer in state.models.offers],
        },
        "questionMap": {
            "embedder": learned.embedder,
            "isUsed": learned.is_used,
            "learnedAt": learned.learned_at.isoformat(),
            "ndcg10": _gain(learned.verdict),
        }
        if learned
        else None,
        "indexFolder": str(folder),
        "bytes": {
            "index": sizes.index,
            "otherVersions": sizes.other_versions,
            "allIndexes": sizes.indexes,
            "most": sizes.most,
        },
    }


def left_out(records: Iterable[FileRecord]) -> list[JsonObject]:
    """The files that are not in the index, or not as they should be, and why."""
    return [
        {"path": record.path, "status": record.status, "reason": record.reason}
        for record in records
        if record.status != "indexed" or record.reason
    ]


def evaluation(measured: Evaluation, root: Path) -> JsonObject:
    """How well search finds what a workspace says about itself."""
    return {
        "root": str(root),
        "files": measured.files,
        "filesInWorkspace": measured.files_in_workspace,
        "chunks": measured.chunks,
        "seed": measured.seed,
        "seconds": round(measured.seconds, 3),
        "methods": list(measured.methods),
        "questions": [asdict(sample) for sample in measured.samples],
        "notes": list(measured.notes),
        "scores": [
            {
                "method": outcome.method,
                "kind": outcome.kind,
                **{camel_case(name): _estimate(found) for name, found in outcome.scores.items()},
            }
            for outcome in measured.outcomes
        ],
        "comparisons": [
            {
                "kind": comparison.kind,
                "first": comparison.first,
                "other": comparison.other,
                camel_case(COMPARED): _estimate(comparison.difference),
                "isClear": comparison.is_clear,
            }
            for comparison in measured.comparisons
        ],
    }


def learning(verdict: Verdict, root: Path) -> JsonObject:
    """What was learned, and whether searches use it."""
    return {
        "root": str(root),
        "learnedFrom": verdict.learned_from,
        "judgedBy": verdict.judged_by,
        "ndcg10": _gain(verdict),
        "kept": verdict.is_clear,
    }


def finding(found: Finding) -> JsonObject:
    """One finding of the doctor."""
    return {"name": found.name, "state": found.state, "message": found.message, "fix": found.fix}


def models(catalogue: Iterable[CatalogueModel], installed: Iterable[InstalledModel]) -> list[JsonObject]:
    """The models that can be installed, each with its file if it is."""
    here = {model.name: model for model in installed}
    known = [_model(model, here.pop(model.name, None)) for model in catalogue]
    own = [
        {"name": model.name, "alias": "", "bytes": model.bytes, "note": "", "path": str(model.path)}
        for model in here.values()
    ]
    return known + own


def _gain(verdict: Verdict) -> JsonObject:
    return {"without": verdict.without, "mapped": verdict.mapped, "gain": _estimate(verdict.gain)}


def _estimate(found: Estimate) -> JsonObject:
    return {name: round(value, 4) for name, value in asdict(found).items()}


def _model(model: CatalogueModel, here: InstalledModel | None) -> JsonObject:
    return {
        "name": model.name,
        "alias": model.alias,
        "bytes": model.bytes,
        "note": model.note,
        "path": str(here.path) if here else None,
    }


def _citation(item: Citation, root: Path) -> JsonObject:
    return {
        "id": item.id,
        "path": item.path,
        "uri": (root / item.path).as_uri(),
        "startLine": item.start_line,
        "endLine": item.end_line,
        "hash": item.content_hash,
        "spans": _ranges(item.spans),
    }


def _ranges(ranges: Iterable[CharacterRange]) -> list[JsonObject]:
    return [{"start": item.start, "end": item.end} for item in ranges]


def _budget(budget: Budget) -> JsonObject:
    return {camel_case(item.name): getattr(budget, item.name) for item in fields(budget)}
