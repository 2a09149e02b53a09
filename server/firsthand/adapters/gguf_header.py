"""The few facts of a GGUF model file that are needed before it is loaded."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from firsthand.errors import ModelFailedError

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
# Sizes in bytes of the scalar types by their number in the file format.
_SCALAR_BYTES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_UINT32, _STRING, _ARRAY, _UINT64 = 4, 8, 9, 10
# Architecture and window stand in front of the vocabulary; real files have some dozens of entries there.
_MOST_ENTRIES = 1_000
# Lists of tags and languages are short; the vocabulary is not.
_MOST_ELEMENTS = 1_000
_MOST_TEXT_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What a model file says of itself; the window is None when it does not say."""

    context_tokens: int | None


class _NotGgufError(Exception):
    """The bytes are not those of a model file."""


def read_gguf_header(path: Path) -> GgufHeader:
    """Read the head of a model file.

    Raises:
        ModelFailedError: the file cannot be read or is not a GGUF model.
    """
    try:
        with path.open("rb") as file:
            return GgufHeader(context_tokens=_context_tokens(file))
    except OSError as error:
        raise ModelFailedError(
            f"The model file {path} cannot be read ({error.strerror}); check the setting chatModel."
        ) from error
    except _NotGgufError as error:
        raise ModelFailedError(
            f"{path} is not a complete GGUF model file; install a model with `firsthand model install`."
        ) from error


def _context_tokens(file: BinaryIO) -> int | None:
    if _read(file, 4) != _MAGIC or _number(file, "<I") not in _VERSIONS:
        raise _NotGgufError
    _number(file, "<Q")  # how many tensors
    entries = _number(file, "<Q")
    for _ in range(min(entries, _MOST_ENTRIES)):
        key = _text(file)
        value_type = _number(file, "<I")
        if key.endswith(b".context_length") and value_type in (_UINT32, _UINT64):
            return _number(file, "<I" if value_type == _UINT32 else "<Q")
        if not _skip(file, value_type):
            return None
    return None


def _skip(file: BinaryIO, value_type: int) -> bool:
    """Read over a value; False when it is the vocabulary, behind which nothing is looked for."""
    if value_type == _STRING:
        _text(file)
    elif value_type in _SCALAR_BYTES:
        _read(file, _SCALAR_BYTES[value_type])
    elif value_type == _ARRAY:
        element_type, length = _number(file, "<I"), _number(file, "<Q")
        if length > _MOST_ELEMENTS or element_type == _ARRAY:
            return False
        return all(_skip(file, element_type) for _ in range(length))
    else:
        raise _NotGgufError
    return True


def _text(file: BinaryIO) -> bytes:
    length = _number(file, "<Q")
    if length > _MOST_TEXT_BYTES:
        raise _NotGgufError
    return _read(file, length)


def _number(file: BinaryIO, layout: str) -> int:
    (number,) = struct.unpack(layout, _read(file, struct.calcsize(layout)))
    return int(number)


def _read(file: BinaryIO, length: int) -> bytes:
    content = file.read(length)
    if len(content) != length:
        raise _NotGgufError
    return content
