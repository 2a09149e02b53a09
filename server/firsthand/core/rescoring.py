"""Giving a hit another score without losing how it came to the one it has."""

from dataclasses import replace

from firsthand.core.model import Hit
from firsthand.core.rank_trace import Factor


def rescored(hit: Hit, score: float, rule: str, reason: str = "") -> Hit:
    """Return a hit with another score; its trace says by which rule, and a reason is added if there is one."""
    trace = hit.trace
    if trace is not None and hit.score > 0 and score != hit.score:
        trace = replace(trace, factors=(*trace.factors, Factor(rule, score / hit.score)))
    reasons = (*hit.reasons, reason) if reason else hit.reasons
    return replace(hit, score=score, reasons=reasons, trace=trace)
