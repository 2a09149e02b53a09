"""What goes into a prompt is what the files hold now, not what they held when they were indexed."""

import pytest

from builders import make_chunk
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.answers import Selection
from firsthand.core.chunking import chunk_file
from firsthand.core.freshness import GONE_FILE, GONE_TEXT, Freshness, OpenBuffers
from firsthand.core.model import Chunk, Hit, SourceFile

INDEXED = '''"""Carts."""

LIMIT = 10


def total(items):
    """Add up a cart."""
    return sum(item.price for item in items)


class Cart:
    """A cart."""

    def add(self, item):
        self.items.append(item)
'''


def chunks_of(text: str, path: str = "shop/cart.py") -> dict[str, Chunk]:
    parser = TreeSitterParser()
    language = {"py": "python", "md": "markdown"}[path.rsplit(".", 1)[-1]]
    chunks = chunk_file(SourceFile(path, text, language, ""), parser.outline(language, text))
    return {chunk.qualified_name or chunk.kind: chunk for chunk in chunks}


async def reread(
    now: str | None,
    name: str,
    *,
    buffer: str | None = None,
    unsaved: Selection | None = None,
) -> tuple[int, int, str] | str:
    """Return the lines and text that a chunk's hit has now, or why it is left out."""
    tree, buffers = DictTree({} if now is None else {"shop/cart.py": now}), OpenBuffers()
    if buffer is not None:
        buffers.open("shop/cart.py", buffer)
    hit = Hit(chunks_of(INDEXED)[name], 1.0, ("why",))
    passages, cut = await Freshness(tree, TreeSitterParser(), buffers).passages([hit], unsaved)
    if cut:
        return cut[0].reason
    found = passages[0]
    return found.start_line, found.end_line, found.file.lines_text(found.start_line, found.end_line)


TOTAL = 'def total(items):\n    """Add up a cart."""\n    return sum(item.price for item in items)'
CHANGED = INDEXED.replace("item.price for", "item.price * item.count for")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(INDEXED, (6, 8, TOTAL), id="unchanged"),
        pytest.param("# new\n\n" + INDEXED, (8, 10, TOTAL), id="moved down"),
        pytest.param(INDEXED.replace("LIMIT = 10\n", ""), (5, 7, TOTAL), id="moved up"),
        pytest.param(INDEXED.replace("\n", "\r\n"), (6, 8, TOTAL), id="other line ends"),
        pytest.param(
            "x = 1\n" + CHANGED, (7, 9, TOTAL.replace("price for", "price * item.count for")), id="changed and moved"
        ),
        pytest.param(INDEXED.replace("def total", "def grand_total").replace("sum", "max"), GONE_TEXT, id="renamed"),
        pytest.param("", GONE_TEXT, id="emptied"),
        pytest.param(None, GONE_FILE, id="deleted"),
    ],
)  # fmt: skip
async def test_a_hit_follows_its_definition(now: str | None, expected: tuple[int, int, str] | str) -> None:
    """Moved code is found by its text, changed code by its name, and what is gone is left out with the reason."""
    assert await reread(now, "total") == expected


async def test_the_open_buffer_shadows_the_disk() -> None:
    """What the editor shows counts, saved or not."""
    assert await reread(INDEXED, "total", buffer="\n" + INDEXED) == (7, 9, TOTAL)


async def test_the_selections_own_text_shadows_both() -> None:
    """The text that came with the request is newer than anything else."""
    selection = Selection("shop/cart.py", "\n\n" + INDEXED, 0, 0)

    assert await reread(INDEXED, "total", buffer="\n" + INDEXED, unsaved=selection) == (8, 10, TOTAL)


async def test_a_closed_buffer_gives_way_to_the_disk() -> None:
    """After closing without saving, the disk is the truth again."""
    buffers = OpenBuffers()
    buffers.open("a.py", "unsaved")
    buffers.close("a.py")

    assert buffers.text("a.py") is None


async def reread_chunk(now: str, chunk: Chunk) -> tuple[int, int] | str:
    freshness = Freshness(DictTree({chunk.path: now}), TreeSitterParser(), OpenBuffers())
    passages, cut = await freshness.passages([Hit(chunk, 1.0, ())])
    return (passages[0].start_line, passages[0].end_line) if passages else cut[0].reason


@pytest.mark.parametrize(("indexed_line", "expected"), [(2, (3, 4)), (7, (8, 9))])
async def test_twins_are_told_apart_by_where_they_were(indexed_line: int, expected: tuple[int, int]) -> None:
    """Of two pieces with the same text, the one nearest to the indexed place is meant."""
    twins = "class A:\n    def run(self):\n        go()\n\n\nclass B:\n    def run(self):\n        go()\n"
    chunk = make_chunk(text="    def run(self):\n        go()\n", name="run", start_line=indexed_line)

    assert await reread_chunk("\n" + twins, chunk) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("import os\n\nalpha = 1\nbeta = 20\ngamma = 3\ndelta = 4\n", (3, 6)),
        ("omega = 9\n" * 5, GONE_TEXT),
        ("alpha = 1\n" + "filler = 0\n" * 50 + "gamma = 3\ndelta = 4\n", GONE_TEXT),
    ],
)
async def test_what_has_no_name_is_found_by_what_is_left_of_it(
    now: str, expected: tuple[int, int] | str
) -> None:
    """A nameless piece follows the lines that survived together, and is dropped when too few did."""
    chunk = make_chunk(text="alpha = 1\nbeta = 2\ngamma = 3\ndelta = 4\n", kind="module")

    assert await reread_chunk(now, chunk) == expected


async def test_a_part_knows_its_whole_definition() -> None:
    """A hit on a piece of a long function knows the function's lines, also after both have moved."""
    body = "".join(
        f"    value_{number} = compute({number}, value_{number - 1})\n" for number in range(1, 220)
    )
    text = f"def long(value_0):\n{body}    return value_219\n"
    parts = [
        chunk
        for chunk in chunk_file(
            SourceFile("shop/cart.py", text, "python", ""), TreeSitterParser().outline("python", text)
        )
        if chunk.span != chunk.definition
    ]
    tree = DictTree({"shop/cart.py": "import os\n\n\n" + text})

    passages, _ = await Freshness(tree, TreeSitterParser(), OpenBuffers()).passages([Hit(parts[1], 1.0, ())])

    (found,) = passages
    assert (found.definition_start, found.definition_end) == (4, 224)
    assert found.start_line == parts[1].span.start_line + 3


async def test_a_file_is_read_once() -> None:
    """Ten hits in a file cost one read."""
    tree = DictTree({"shop/cart.py": INDEXED})
    hits = [Hit(chunk, 1.0, ()) for chunk in chunks_of(INDEXED).values()]

    await Freshness(tree, TreeSitterParser(), OpenBuffers()).passages(hits * 3)

    assert tree.reads == ["shop/cart.py"]
