"""What stands directly above a definition and belongs to it: comments, attributes, decorators."""

from collections.abc import Iterable
from dataclasses import dataclass

from tree_sitter import Node

from firsthand.adapters.grammars.comments import clean_comment, clean_string
from firsthand.core.lines import LineTable, decode

# Grammars that call some of their comments by another name: Haskell, SQL, Perl.
_COMMENTS = frozenset({"haddock", "marginalia", "pod"})
# A banner of a thousand comment lines is no documentation of the function below it.
_MOST_LEADS = 200


@dataclass(frozen=True, slots=True)
class _Lead:
    start: int
    end: int
    start_line: int
    is_comment: bool
    is_doc: bool


@dataclass(frozen=True, slots=True)
class Leading:
    """The beginning of a definition with all that leads it, and what its comments say."""

    start: int
    doc: str


class Leads:
    """The comments and attributes of a file that have their lines to themselves, by the line they end on."""

    def __init__(self, nodes: Iterable[tuple[Node, bool]], table: LineTable) -> None:
        self._table = table
        self._by_end_line: dict[int, _Lead] = {}
        for node, is_doc in nodes:
            self._add(node, is_doc)

    def before(self, start: int) -> Leading:
        """Return what leads a definition that starts at this byte."""
        line = self._table.line_of(start)
        leads: list[_Lead] = []
        lead = self._by_end_line.get(line - 1)
        while lead is not None and len(leads) < _MOST_LEADS:
            leads.append(lead)
            lead = self._by_end_line.get(lead.start_line - 1)
        if not leads:
            return Leading(start, "")
        leads.reverse()
        return Leading(leads[0].start, self._documentation(leads))

    def _add(self, node: Node, is_doc: bool) -> None:
        table = self._table
        start = node.start_byte
        start_line = table.line_of(start)
        if table.data[table.starts[start_line - 1] : start].strip():
            return
        # Line comments of some grammars take in the line ending.
        end = start + len(table.data[start : node.end_byte].rstrip())
        end_line = table.line_of(max(start, end - 1))
        is_comment = "comment" in node.type or node.type in _COMMENTS
        self._by_end_line[end_line] = _Lead(start, end, start_line, is_comment, is_doc)

    def _documentation(self, leads: list[_Lead]) -> str:
        data = self._table.data
        strings = [decode(data[lead.start : lead.end]) for lead in leads if lead.is_doc]
        if strings:
            return clean_string(strings[-1])
        return clean_comment(
            "\n".join(decode(data[lead.start : lead.end]) for lead in leads if lead.is_comment)
        )
