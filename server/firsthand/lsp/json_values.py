"""JSON from the wire ↔ frozen dataclasses: every value is checked, and an error names the field."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from firsthand.errors import RequestError

T = TypeVar("T")

_NAMES = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}
# LSP's uinteger and integer end here; larger numbers come from broken clients and would only cost memory.
_LARGEST_INTEGER = 2**31 - 1


class MalformedError(RequestError):
    """A message has the wrong shape; the text names the field."""


def read(kind: type[T], value: object, where: str = "") -> T:
    """Build a dataclass from a JSON object; unknown keys are ignored, null means left out.

    Raises:
        MalformedError: a field is missing or has a value of the wrong type.
    """
    if not isinstance(value, Mapping):
        raise MalformedError(f"{_quoted(where) if where else 'The parameter'} must be an object.")
    hints = get_type_hints(kind)
    values = {}
    for item in fields(kind):  # type: ignore[arg-type]
        key = camel_case(item.name)
        path = f"{where}.{key}" if where else key
        given = value.get(key)
        if given is not None:
            values[item.name] = _value(hints[item.name], given, path)
        elif _is_required(item):
            raise MalformedError(f"{_quoted(path)} is missing.")
    return kind(**values)


def to_json(value: object) -> Any:
    """Turn dataclasses and tuples into JSON values; fields that are None are left out."""
    if is_dataclass(value) and not isinstance(value, type):
        return {
            camel_case(item.name): to_json(part)
            for item in fields(value)
            if (part := getattr(value, item.name)) is not None
        }
    if isinstance(value, tuple | list):
        return [to_json(part) for part in value]
    return value


def camel_case(name: str) -> str:
    """`start_line` → `startLine`."""
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


def _is_required(item: "Field[Any]") -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _value(hint: Any, value: object, path: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _one_of([part for part in get_args(hint) if part is not NoneType], value, path)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise MalformedError(f"{_quoted(path)} must be a list.")
        return tuple(_value(get_args(hint)[0], part, f"{path}[{index}]") for index, part in enumerate(value))
    if is_dataclass(hint):
        return read(hint, value, path)  # type: ignore[arg-type]
    return _plain(hint, value, path)


def _one_of(hints: list[Any], value: object, path: str) -> Any:
    if len(hints) == 1:
        return _value(hints[0], value, path)
    for hint in hints:
        try:
            return _value(hint, value, path)
        except MalformedError:
            continue
    raise MalformedError(f"{_quoted(path)} must be {' or '.join(_NAMES[hint] for hint in hints)}.")


def _plain(hint: type, value: object, path: str) -> object:
    right = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    if not right:
        raise MalformedError(f"{_quoted(path)} must be {_NAMES[hint]}.")
    if isinstance(value, int) and not 0 <= value <= _LARGEST_INTEGER:
        raise MalformedError(f"{_quoted(path)} must be between 0 and {_LARGEST_INTEGER}.")
    return without_surrogates(value) if isinstance(value, str) else value


def without_surrogates(text: str) -> str:
    """Replace lone surrogates, which JSON may carry and UTF-8 cannot, by the replacement character."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _quoted(path: str) -> str:
    return f'"{path}"'
