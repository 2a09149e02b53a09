"""A text as numbered lines of UTF-8 bytes.

Lines end with \\n, \\r\\n or \\r, as in editors: form feeds and U+2028 are ordinary characters. Lone surrogates, which
a lenient decoder may leave behind, are encoded as they are, so every text has bytes and every slice decodes again.
"""

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from operator import add


@dataclass(frozen=True, slots=True)
class LineTable:
    """Bytes of a text, and for each line where it starts and where it ends without its line ending."""

    data: bytes
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @classmethod
    def of(cls, text: str) -> "LineTable":
        """Number the lines of a text; an empty last line, after a final line ending, does not count."""
        return cls.of_bytes(encode(text))

    @classmethod
    @lru_cache(maxsize=1)
    def of_bytes(cls, data: bytes) -> "LineTable":
        """Number the lines of bytes that `encode` made; the last table is kept for the next step."""
        # Unlike that of str, this method of bytes knows no other line endings.
        *starts, _ = accumulate(map(len, data.splitlines(keepends=True)), initial=0)
        return cls(data, tuple(starts), tuple(map(add, starts, map(len, data.splitlines()))))

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, number: int) -> bytes:
        """Return a line (from 1) without its line ending."""
        return self.data[self.starts[number - 1] : self.ends[number - 1]]

    def line_of(self, byte: int) -> int:
        """Return the line (from 1) that holds the byte; a line ending belongs to the line it ends."""
        return max(1, bisect_right(self.starts, byte))

    def text(self, start_byte: int, end_byte: int) -> str:
        """Decode a range of bytes."""
        return decode(self.data[start_byte:end_byte])


def encode(text: str) -> bytes:
    """Return the UTF-8 bytes of any text, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")


def decode(data: bytes) -> str:
    """Undo `encode`; a slice that cuts a character in two has the replacement character there."""
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "replace")


def is_utf8(name: str) -> bool:
    """Tell whether a name of the file system, as `os.fsdecode` gives it, is UTF-8 on the disk."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
