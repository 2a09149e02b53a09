"""Unsaved text is found as it stands in the editor, and what the editor has deleted is not found."""

import contextlib

import pytest

from fakes.embedder import FakeEmbedder
from fakes.store import MemoryStore
from fakes.tree import DictTree
from firsthand.adapters.treesitter_parser import TreeSitterParser
from firsthand.core.freshness import OpenBuffers
from firsthand.core.indexing import Indexer
from firsthand.core.model import Hit, Scope
from firsthand.core.retrieval import Searcher
from firsthand.core.unsaved_texts import UnsavedTexts
from firsthand.errors import ModelError


def function(name: str, word: str) -> str:
    """A function long enough to be a piece of its own."""
    body = "".join(f"    {word}_{number} = measure({number})\n" for number in range(30))
    return f"def {name}():\n{body}    return {word}_0\n\n\n"


SAVED = function("parcel", "weight") + function("letter", "stamp")


class Desk:
    """An index of two files, the documents that are open, and a search that knows both."""

    def __init__(self) -> None:
        self.tree = DictTree({"post.py": SAVED, "other.py": function("other", "thing")})
        self.store = MemoryStore()
        self.buffers = OpenBuffers()
        self.embedder, parser = FakeEmbedder(reject="unembeddable"), TreeSitterParser()
        self.indexer = Indexer(
            tree=self.tree,
            parser=parser,
            store=self.store,
            embedder=self.embedder,
            writer_lock=contextlib.nullcontext,
        )
        unsaved = UnsavedTexts(store=self.store, parser=parser, buffers=self.buffers)
        self.searcher = Searcher(store=self.store, embedder=self.embedder, unsaved=unsaved)

    async def found(self, text: str, scope: Scope = Scope()) -> dict[str, Hit]:
        """The hits by the name of what they are."""
        return {hit.chunk.name: hit for hit in await self.searcher.search(text, scope=scope)}


@pytest.fixture
async def desk() -> Desk:
    """A desk with everything indexed."""
    desk = Desk()
    await desk.indexer.refresh(lambda progress: None)
    return desk


async def test_text_that_was_just_written_is_found(desk: Desk) -> None:
    """By its words and by the name that it defines, at its lines, before it is saved."""
    desk.buffers.open("post.py", SAVED + function("invoice", "currency"))

    by_word = await desk.found("currency_3")
    by_name = await desk.found("where is `invoice` defined")

    line = SAVED.count("\n") + 1
    assert by_word["invoice"].chunk.span.start_line == by_name["invoice"].chunk.span.start_line == line
    assert "invoice" not in await desk.found("currency_3", Scope(paths=("other.py",)))


async def test_what_moved_is_found_where_it_stands_now(desk: Desk) -> None:
    """New lines above shift everything below them; each hit's text is the document's at its lines."""
    text = "import os\n\n\n" + SAVED
    desk.buffers.open("post.py", text)

    hits = await desk.found("stamp_3")

    span = hits["letter"].chunk.span
    assert text.encode()[span.start_byte : span.end_byte].decode() == hits["letter"].chunk.text
    assert hits["letter"].chunk.text.startswith("def letter")


async def test_what_was_deleted_is_not_found(desk: Desk) -> None:
    """Neither by its words nor by its meaning or name; with the document closed, the file counts again."""
    desk.buffers.open("post.py", function("parcel", "weight"))

    gone = await desk.found("`letter` stamp_3")
    desk.buffers.close("post.py")
    back = await desk.found("`letter` stamp_3")

    assert ("letter" in gone, "letter" in back) == (False, True)


async def test_a_saved_document_changes_nothing(desk: Desk) -> None:
    """An open document that is as it was indexed leaves hits and their order alone."""
    before = await desk.searcher.search("stamp_3 weight_4 thing_5")
    desk.buffers.open("post.py", SAVED)

    assert await desk.searcher.search("stamp_3 weight_4 thing_5") == before


async def test_what_may_not_be_indexed_is_not_searched_either(desk: Desk) -> None:
    """A document whose file is left out stays out, and so does one into which a secret was pasted."""
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + "MIIEowIBAAKCAQEAtoken" * 4
    desk.buffers.open("ignored.py", function("hidden", "concealed"))
    desk.buffers.open("post.py", SAVED + f'KEY = """{key}"""\n')

    hits = await desk.found("concealed_3 BEGIN RSA PRIVATE KEY stamp_3")

    assert set(hits) == {"other"}


async def test_new_text_is_found_by_meaning(desk: Desk) -> None:
    """Its vector is made at the first search, serves the next one too, and is not stored."""
    desk.buffers.open("post.py", SAVED + function("invoice", "currency"))
    indexed = list(desk.embedder.documents)

    first = await desk.found("how is the currency of an invoice measured")
    again = await desk.found("how is the currency of an invoice measured")

    (new,) = desk.embedder.documents[len(indexed) :]
    assert "def invoice" in new
    for hits in (first, again):
        trace = hits["invoice"].trace
        assert trace is not None and trace.meaning is not None and trace.meaning.place == 1
    assert not await desk.store.known_vectors([first["invoice"].chunk.content_hash])


async def test_new_text_without_a_vector_is_found_by_its_words(desk: Desk) -> None:
    """Whether the embedder refuses the text or fails after it has embedded the question."""
    desk.buffers.open("post.py", SAVED + function("invoice", "unembeddable"))

    hits = await desk.found("unembeddable_3 invoice")
    desk.buffers.open("post.py", SAVED + function("invoice", "currency"))
    desk.embedder.documents_failure = ModelError("away")
    others = await desk.found("currency_3 invoice")

    for found in (hits, others):
        trace = found["invoice"].trace
        assert trace is not None and trace.keywords is not None and trace.meaning is None
