"""What the client can do and what it said of itself, read once at `initialize`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lsprotocol import types
from pygls.capabilities import get_capability

from firsthand.lsp.messages import CLIENT_KEYS

SHOW_DOCUMENT = "showDocument"
APPLY_EDIT = "applyEdit"


@dataclass(frozen=True, slots=True)
class ClientFacts:
    """Capabilities that Firsthand asks about, under the names of the specification."""

    configuration: bool = False
    registers_configuration: bool = False
    registers_watchers: bool = False
    work_done_progress: bool = False
    show_document: bool = False
    apply_edit: bool = False
    document_changes: bool = False
    creates_files: bool = False
    change_annotations: bool = False
    markdown_hover: bool = False
    code_action_literals: bool = False
    resolves_edits: bool = False
    unannounced: frozenset[str] = frozenset()
    """Capabilities that the user vouches for; such a client does what is asked, but may leave it unanswered."""


@dataclass(frozen=True, slots=True)
class ClientOptions:
    """`initializationOptions`, split into facts about the client and settings."""

    streaming: bool = False
    trusted: bool = True
    notices: bool = False
    show_document: bool = False
    apply_edit: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)


def facts_of(capabilities: types.ClientCapabilities, options: ClientOptions) -> ClientFacts:
    """Read the capabilities, and the options for what a client can do without saying so in them."""

    def has(path: str) -> bool:
        return bool(get_capability(capabilities, path, False))

    announced = {
        SHOW_DOCUMENT: has("window.show_document.support"),
        APPLY_EDIT: has("workspace.apply_edit"),
    }
    vouched_for = {SHOW_DOCUMENT: options.show_document, APPLY_EDIT: options.apply_edit}

    resources = get_capability(capabilities, "workspace.workspace_edit.resource_operations", None) or ()
    creates = types.ResourceOperationKind.Create in resources
    resolved = (
        get_capability(capabilities, "text_document.code_action.resolve_support.properties", None) or ()
    )
    formats = get_capability(capabilities, "text_document.hover.content_format", None) or ()
    return ClientFacts(
        configuration=has("workspace.configuration"),
        registers_configuration=has("workspace.did_change_configuration.dynamic_registration"),
        registers_watchers=has("workspace.did_change_watched_files.dynamic_registration"),
        work_done_progress=has("window.work_done_progress"),
        show_document=announced[SHOW_DOCUMENT] or options.show_document,
        apply_edit=announced[APPLY_EDIT] or options.apply_edit,
        # Files can be created only inside documentChanges, so such a client knows them even when, as Neovim,
        # it does not say so.
        document_changes=has("workspace.workspace_edit.document_changes") or creates,
        creates_files=creates,
        change_annotations=has("workspace.workspace_edit.change_annotation_support"),
        markdown_hover=types.MarkupKind.Markdown in formats,
        code_action_literals=has("text_document.code_action.code_action_literal_support"),
        resolves_edits="edit" in resolved and has("text_document.code_action.data_support"),
        unannounced=frozenset(name for name in vouched_for if vouched_for[name] and not announced[name]),
    )


def options_of(given: object) -> ClientOptions:
    """Read `initializationOptions`; what is not an object counts as empty."""
    if not isinstance(given, Mapping):
        return ClientOptions()
    return ClientOptions(
        streaming=given.get("streaming") is True,
        trusted=given.get("trusted") is not False,
        show_document=given.get(SHOW_DOCUMENT) is True,
        apply_edit=given.get(APPLY_EDIT) is True,
        notices=given.get("notices") is True,
        settings=settings_in(given),
    )


def settings_in(section: object) -> dict[str, Any]:
    """Return the part of a client's object that is meant for `firsthand.settings`."""
    if not isinstance(section, Mapping):
        return {}
    return {str(key): value for key, value in section.items() if key not in CLIENT_KEYS}
