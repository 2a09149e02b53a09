"""A client of the server, as an editor is one: what it sends, what it is told and how it answers."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Union

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter
from pygls.exceptions import JsonRpcException
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCResponseMessage
from pytest_lsp import LanguageClient

EDITORS = ("visual-studio-code", "neovim@v0.11", "emacs")
SOURCE = 'def refresh():\n    name = "🙂" + "ü"\n    pass\n'
# How long a test waits for something that a working server does in milliseconds.
_PATIENCE_SECONDS = 20


@dataclass
class Session:
    """A client connected to a server, and what the client was told."""

    client: LanguageClient
    root: Path
    notes_file: Path
    updates: list[dict[str, Any]] = field(default_factory=list)
    statuses: list[dict[str, Any]] = field(default_factory=list)
    edits: list[types.ApplyWorkspaceEditParams] = field(default_factory=list)
    questions: list[types.ShowMessageRequestParams] = field(default_factory=list)
    registrations: list[types.Registration] = field(default_factory=list)
    reply: str | None = None
    """The title of the action that the user picks in message requests."""
    accepts_edits: bool = True
    is_shut_down: bool = False

    def uri(self, path: str) -> str:
        """The URI of a file below the root."""
        return (self.root / path).as_uri()

    def notes(self) -> list[str]:
        """What the fakes noted."""
        return self.notes_file.read_text("utf-8").splitlines() if self.notes_file.exists() else []

    async def initialize(
        self,
        capabilities: types.ClientCapabilities,
        *,
        roots: list[Path] | None = None,
        options: object = None,
        **params: Any,
    ) -> types.InitializeResult:
        """Shake hands; the folder is the root unless a test says otherwise."""
        folders = [types.WorkspaceFolder(root.as_uri(), root.name) for root in roots or [self.root]]
        return await self.client.initialize_session(
            types.InitializeParams(
                capabilities=capabilities,
                workspace_folders=None if roots == [] else folders,
                initialization_options=options,
                **params,
            )
        )

    async def folders_open(self) -> None:
        """Wait until every folder is open, as only a request that needs them can tell."""
        await self.request("firsthand/search", {"query": "is it open"})

    async def shut_down(self) -> None:
        """End the session and the server's process; once is enough."""
        if not self.is_shut_down:
            self.is_shut_down = True
            await self.client.shutdown_session()
            await self.client.stop()

    async def request(self, method: str, params: object) -> Any:
        """Send a request with JSON params and return the result as JSON."""
        return await self.client.protocol.send_request_async(method, params)

    async def failing(self, method: str, params: object) -> JsonRpcException:
        """Send a request that fails and return its error."""
        with pytest.raises(JsonRpcException) as caught:
            await self.request(method, params)
        return caught.value

    async def execute(self, command: str, *arguments: object) -> Any:
        """Execute a command and return its result as JSON."""
        params = types.ExecuteCommandParams(command=command, arguments=list(arguments))
        return await self.client.workspace_execute_command_async(params)

    def open(self, path: str, text: str = SOURCE, version: int = 1) -> str:
        """Open a document and return its URI."""
        item = types.TextDocumentItem(self.uri(path), "python", version, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return item.uri

    def change(self, uri: str, version: int, *changes: Any) -> None:
        """Change a document."""
        identifier = types.VersionedTextDocumentIdentifier(version=version, uri=uri)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, list(changes)))

    async def until(self, is_true: Callable[[], object]) -> None:
        """Wait until something that another process does has happened."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not is_true():  # noqa: ASYNC110 - what is waited for happens on the other side of a wire
                await asyncio.sleep(0.005)

    async def until_noted(self, text: str) -> None:
        """Wait until the fakes have noted this line."""
        await self.until(lambda: text in self.notes())


StartServer = Callable[..., Awaitable[Session]]


def answer_requests(session: Session) -> None:
    """Answer the server's requests and keep its notifications, as an editor would."""
    client = session.client
    converter = client.protocol._converter
    # Results and params that pygls does not know stay the JSON that they are.
    for kind in (JsonRPCResponseMessage, JsonRPCNotification):
        converter.register_structure_hook(kind, lambda data, kind: kind(**data))
    converter.register_structure_hook(Union[types.Command, types.CodeAction], code_action_or_command)  # noqa: UP007

    @client.feature("firsthand/answer/didUpdate")
    def did_update(params: Any) -> None:
        session.updates.append(params)

    @client.feature("firsthand/status/didChange")
    def did_change(params: Any) -> None:
        session.statuses.append(params)

    @client.feature(types.WORKSPACE_APPLY_EDIT)
    def apply_edit(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
        session.edits.append(params)
        reason = None if session.accepts_edits else "the user said no"
        return types.ApplyWorkspaceEditResult(applied=session.accepts_edits, failure_reason=reason)

    @client.feature(types.WINDOW_SHOW_MESSAGE_REQUEST)
    def show_message_request(params: types.ShowMessageRequestParams) -> types.MessageActionItem | None:
        session.questions.append(params)
        return types.MessageActionItem(session.reply) if session.reply is not None else None

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register_capability(params: types.RegistrationParams) -> None:
        session.registrations.extend(params.registrations)


def code_action_or_command(data: Any, _: type) -> types.Command | types.CodeAction:
    """Tell the two apart, where lsprotocol takes every action that has a command for a bare command."""
    if isinstance(data.get("command"), str):
        return types.Command(data["title"], data["command"], arguments=data.get("arguments"))
    return get_converter().structure(data, types.CodeAction)
