"""`textDocument/hover`."""

import pytest
from lsp_session import Session, StartServer
from lsprotocol import types

TEXT = "a 🙂🙂x = ü1\r\nlast\r\n"
# Where the pointer is and which word is under it, as (encoding, line, character), word, range.
PLACES = [
    ("utf-8", (0, 14), "ü1", (14, 17)),
    ("utf-16", (0, 10), "ü1", (10, 12)),
    ("utf-32", (0, 8), "ü1", (8, 10)),
    ("utf-16", (0, 2), "🙂🙂x", (2, 7)),
    ("utf-16", (0, 4), "🙂🙂x", (2, 7)),
    ("utf-16", (1, 2), "last", (0, 4)),
]


@pytest.mark.parametrize(("encoding", "place", "word", "columns"), PLACES)
async def test_the_word_under_the_pointer_is_shown(
    encoding: str,
    place: tuple[int, int],
    word: str,
    columns: tuple[int, int],
    start_server: StartServer,
) -> None:
    """The card is about the unsaved text at the pointer, and its range is that word, in every encoding."""
    session = await start_server()
    general = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind(encoding)])
    hover_capability = types.HoverClientCapabilities(content_format=[types.MarkupKind.Markdown])
    await session.initialize(
        types.ClientCapabilities(
            general=general, text_document=types.TextDocumentClientCapabilities(hover=hover_capability)
        )
    )
    await session.folders_open()
    uri = session.open("src/unsaved.py", TEXT)

    hover = await hovered(session, uri, *place)

    assert hover is not None
    assert hover.contents == types.MarkupContent(types.MarkupKind.Markdown, f"```\n{word}\n```\n")
    assert hover.range == types.Range(
        types.Position(place[0], columns[0]), types.Position(place[0], columns[1])
    )


async def test_files_that_are_not_open_are_read(session: Session) -> None:
    """Some clients hover in files that they did not open; nothing there is no error."""
    await session.folders_open()

    hover = await hovered(session, session.uri("src/auth.py"), 0, 5)

    assert hover is not None
    assert await hovered(session, session.uri("src/none.py"), 0, 5) is None
    assert await hovered(session, session.uri("x.bin"), 0, 0) is None
    assert await hovered(session, "untitled:Untitled-1", 0, 0) is None


async def test_plain_text_for_clients_that_cannot_show_markdown(start_server: StartServer) -> None:
    """The kind of the contents is one that the client said it can show."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities())
    await session.folders_open()

    hover = await hovered(session, session.uri("src/auth.py"), 0, 5)

    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.kind == types.MarkupKind.PlainText


async def hovered(session: Session, uri: str, line: int, character: int) -> types.Hover | None:
    """Hover at a place."""
    params = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(line, character))
    return await session.client.text_document_hover_async(params)


@pytest.mark.parametrize(
    ("text", "budget", "shown"),
    [
        ("word", 0, "word\n"),
        ("word", 10_000, "word\n explained"),
        ("for ever", 20, "for\n"),
    ],
    ids=["never waits", "arrives in time", "takes too long"],
)
async def test_the_model_has_the_time_that_the_user_allows(
    text: str, budget: int, shown: str, start_server: StartServer
) -> None:
    """An explanation that arrives within the budget is on the card, a late one is not."""
    session = await start_server()
    await session.initialize(types.ClientCapabilities(), options={"hoverBudgetMs": budget})
    await session.folders_open()
    uri = session.open("src/unsaved.py", text)

    hover = await hovered(session, uri, 0, 1)

    assert hover is not None
    assert isinstance(hover.contents, types.MarkupContent)
    assert hover.contents.value == shown
