"""SQL predicates for LanceDB: every value is quoted here and nowhere else."""

from collections.abc import Iterable, Sequence

from firsthand.core.model import Scope
from firsthand.core.scopes import glob_regex, literal_path

# Values in one predicate: Lance parses a few hundred quickly.
VALUES_PER_PREDICATE = 500

# Rows of a vectors table that have one. `vector IS NOT NULL` says the same, and reads all vectors for it.
WITH_VECTOR = "reason = ''"


def quoted(value: str) -> str:
    """Return the SQL literal of a string; a quote is doubled and nothing else is special."""
    return "'" + value.replace("'", "''") + "'"


def one_of(column: str, values: Iterable[str]) -> str:
    """Return the predicate that a column is one of these values; of none it is false."""
    literals = ",".join(quoted(value) for value in values)
    return f"{column} IN ({literals})" if literals else "false"


def any_in_list(column: str, values: Iterable[str]) -> str:
    """Return the predicate that a list column holds at least one of these values."""
    literals = ",".join(quoted(value) for value in values)
    return f"array_has_any({column}, [{literals}])" if literals else "false"


def scope_predicate(scope: Scope) -> str | None:
    """Return the predicate that selects the rows of a scope, or None when it selects all."""
    parts = [
        _any_path(scope.paths),
        one_of("language", scope.languages) if scope.languages else None,
        _any_kind(scope.kinds) if scope.kinds else None,
        None if scope.tests is None else f"is_test = {str(scope.tests).lower()}",
        None if scope.files is None else one_of("path", sorted(scope.files)),
    ]
    return " AND ".join(f"({part})" for part in parts if part) or None


def _any_kind(kinds: Sequence[str]) -> str:
    return one_of("kind", kinds) + (" OR is_test" if "test" in kinds else "")


def _any_path(paths: Iterable[str]) -> str | None:
    predicates = []
    for path in paths:
        clean = path.removeprefix("./").rstrip("/")
        if clean in {"", "."}:
            return None
        predicates.append(_one_path(clean))
    return " OR ".join(predicates) or None


def _one_path(path: str) -> str:
    literal = literal_path(path)
    if literal is None:
        return f"regexp_like(path, {quoted(glob_regex(path))})"
    return f"path = {quoted(literal)} OR starts_with(path, {quoted(literal + '/')})"
