"""Questions for the neighbours of a name: who calls it, what extends it, which tests cover it, what it uses itself."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

RelationKind = Literal["users", "callers", "heirs", "importers", "tests", "uses"]

_KIND_WORDS = (
    r"(?:abstract\s+)?(?:class|classes|function|method|module|interface|type|struct|trait|protocol|enum|file|package|service|hook|"
    r"component|helper|constant|decorator|exception|error|macro|object|library|header|header\s+file)"
)
_ARTICLE = rf"(?:(?:the|a|an|our|this|that|my|your|any|its)\s+)?(?:{_KIND_WORDS}\s+)?(?:called\s+|named\s+)?"
_NAME = rf"{_ARTICLE}[`\"'“‘]?(?P<name>[^\W\d](?:[\w$]|(?:\.|::|#|->|/|-(?=\w))(?=\w))*)(?:\(\))?[`\"'”’]?"
_AFTER = rf"(?:\s+{_KIND_WORDS})?"

_USE = (
    r"(?:use|uses|using|used|depend|depends|depending|rely|relies|relying|need|needs|require|consume|consumes|consuming|reference"
    r"|references|referencing|mention|mentions|touch|touches|utili[sz]es?|access|accesses|read|reads|work|works\s+with)"
)
_CALL = (
    r"(?:call|calls|calling|invoke|invokes|invoking|trigger|triggers|instantiate|instantiates|construct|constructs"
    r"|create|creates|run|runs)"
)
_EXTEND = (
    r"(?:extend|extends|extending|implement|implements|implementing|inherit|inherits|inheriting|subclass|subclasses"
    r"|subclassing|derive|derives|deriving|satisfy|satisfies|conform|conforms|override|overrides|embed|embeds)"
)
_IMPORT = r"(?:import|imports|importing|include|includes|including|require|requires|load|loads)"
_TEST = r"(?:test|tests|testing|cover|covers|covering|exercise|exercises|verify|verifies|check|checks)"
# What a list of places is asked for with; "how" and "why" want an explanation.
_WHO = (
    r"(?:who|what|which|where|list|show|find|give\s+me|tell\s+me|name|is\s+there|are\s+there|does\s+any\w*|do\s+any\w*"
    r"|every\w*|all|any\w*|enumerate|get)\b"
)
_FILLER = r"(?:[\w'`-]+[\s,]+){0,5}?"
_ON = r"(?:\s+(?:on|upon|from|of|to|with|by|off|for|up))?"


def _asks(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _active(verbs: str) -> tuple[re.Pattern[str], ...]:
    return (_asks(rf"(?:^|\b){_WHO}\s*{_FILLER}\b{verbs}{_ON}\s+{_NAME}{_AFTER}"),)


def _passive(participles: str) -> tuple[re.Pattern[str], ...]:
    return (
        _asks(
            rf"\b(?:where|who|what|which\s+\w+|how\s+often|from\s+where)\b[^?]{{0,30}}?\b(?:is|are|gets?|was|do\s+we|do\s+they|does\s+\w+"
            rf"|do\s+you)\s+{_NAME}{_AFTER}\s+(?:\w+\s+)?{participles}\b"
        ),
        _asks(rf"^(?:is|are)\s+{_NAME}{_AFTER}\s+(?:\w+\s+)?{participles}\b(?!\s+(?:to|for)\b)"),
        _asks(
            rf"\bwhere\s+(?:do|does)\s+(?:we|you|they|it|the\s+\w+|anything)\s+(?:\w+\s+)?{participles}{_ON}\s+{_NAME}"
        ),
        _asks(rf"\bwhere\s+{_NAME}{_AFTER}\s+(?:is|gets)\s+(?:\w+\s+)?{participles}\b"),
    )


def _noun(nouns: str, prepositions: str = "of|for|to|on") -> tuple[re.Pattern[str], ...]:
    return (
        _asks(
            rf"\b{nouns}\s+(?:(?:are\s+there|there\s+are|do\s+we\s+have)\s+)?(?:{prepositions})\s+{_NAME}{_AFTER}"
        ),
        _asks(rf"^{_NAME}(?:'s)?\s+{nouns}\W*$"),
    )


# The first kind with a match is meant, so the more telling ones stand first.
_PATTERNS: Sequence[tuple[RelationKind, tuple[re.Pattern[str], ...]]] = (
    (
        "uses",
        (
            _asks(rf"\bwhat\s+(?:\w+\s+){{0,3}}?(?:does|do|did)\s+{_NAME}{_AFTER}\s+(?:\w+\s+)?{_CALL}\b"),
            _asks(rf"\b(?:what|which)\s+(?:\w+\s+){{0,3}}?(?:does|do)\s+{_NAME}{_AFTER}\s+(?:\w+\s+)?(?:{_USE}|{_CALL}|{_IMPORT})\b"),
            _asks(rf"\b(?:what|which)\s+(?:\w+\s+){{0,3}}?(?:is|are)\s+(?:called|used|invoked|imported)\s+(?:by|in|from|inside)\s+{_NAME}"),
            *_noun(r"(?:dependencies|callees|collaborators)"),
        ),
    ),
    (
        "tests",
        (
            _asks(rf"\b(?:which|what|any|the|all|list|show|find)\s+(?:\w+\s+){{0,2}}?tests?\s+(?:that\s+|which\s+)?(?:\w+\s+)?{_TEST}\s+{_NAME}"),
            _asks(rf"\b(?:who|what)\s+(?:tests|covers|exercises|verifies)\s+{_NAME}"),
            _asks(rf"\b(?:is|are|how\s+is|how\s+are|where\s+is|where\s+are)\s+{_NAME}{_AFTER}\s+(?:\w+\s+)?(?:tested|covered)\b"),
            _asks(rf"\b(?:where\s+do\s+we|do\s+we|where\s+do\s+you|do\s+you)\s+test\s+{_NAME}"),
            *_noun(r"(?:existing\s+)?(?:unit\s+|integration\s+)?(?:tests?|test\s+cases|specs?|test\s+coverage|coverage)"),
            _asks(rf"\b(?:which|what)\s+(?:\w+\s+)?(?:tests|specs)\s+(?:use|call|touch|run|break|fail|need)\b[^?]{{0,40}}?\b(?:on|if|when|with)?\s*{_NAME}"),
        ),
    ),
    (
        "heirs",
        (
            *_active(_EXTEND),
            *_passive(r"(?:extended|implemented|inherited|subclassed|overridden|embedded)"),
            *_noun(r"(?:sub-?classes|implementations|implement[eo]rs|heirs|descendants|children|subtypes)", "of"),
        ),
    ),
    (
        "importers",
        (
            *_active(_IMPORT),
            *_passive(r"(?:imported|included)"),
            *_noun(r"(?:importers|imports)"),
        ),
    ),
    (
        "callers",
        (
            *_active(_CALL),
            *_passive(r"(?:called|invoked|triggered|instantiated|constructed|created|call|invoke|instantiate|construct)"),
            *_noun(r"(?:callers|call\s*sites?|calls|invocations|instantiations)"),
        ),
    ),
    (
        "users",
        (
            *_active(_USE),
            *_passive(r"(?:used|referenced|needed|consumed|mentioned|use|reference|rely|depend)"),
            *_noun(r"(?:users|usages?|uses|references|dependents|dependants|consumers|clients)"),
            _asks(rf"\b(?:what|which\s+\w+|who)\s+(?:\w+\s+){{0,3}}?(?:break|breaks|affected|change|changes|fails?)\s+(?:\w+\s+){{0,2}}?(?:if|when|by)\s+(?:\w+\s+){{0,3}}?(?:change|changed|changing|rename|renaming|remove|removing|delete|deleting|modify|touch)\s+{_NAME}"),
            _asks(rf"\b(?:impact|effects?)\s+of\s+(?:changing|renaming|removing|deleting|modifying)\s+{_NAME}"),
        ),
    ),
)  # fmt: skip

# A request to write something is no question for what there is.
_WRITES = _asks(
    r"^\W*(?:please\s+|can\s+you\s+|could\s+you\s+)*(?:write|generate|add|create|make|implement|refactor|fix|rename|explain)\b"
)
_EXPLAINS = _asks(r"^\W*(?:how|why|when)\b")
_NO_NAMES = frozenset(
    """a about all also an and any are as at be by can do does each every everything for from has have here how i if in
    into is it its me more most my no none not of on one only or other our out over she should so some such than that
    the them then there these they thing things this those to us was we what when where which who whose why will with
    would you your default test tests class function method file module code codebase repo project anything something
    nothing new same used called made done time data case cases both much many place places order""".split()
)


@dataclass(frozen=True, slots=True)
class Relation:
    """What a question asks of the code graph."""

    kind: RelationKind
    name: str
    """The name as the question writes it: `PaymentGateway`, `retry.Permanent`, `src/cart.ts`."""


def asked_relation(text: str) -> Relation | None:
    """Return which neighbours a question asks for; None when it asks for something else."""
    question = " ".join(text[:600].split())
    if _WRITES.search(question):
        return None
    for kind, patterns in _PATTERNS:
        if kind != "tests" and _EXPLAINS.search(question):
            continue
        for pattern in patterns:
            for match in pattern.finditer(question):
                if _is_name(match["name"]):
                    return Relation(kind, match["name"])
    return None


def _is_name(name: str) -> bool:
    return len(name) > 1 and name.lower() not in _NO_NAMES
