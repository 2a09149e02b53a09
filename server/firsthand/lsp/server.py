"""Makes the server: every feature is registered here, and the life of a session from `initialize` to `exit`.

Only what the first answer needs happens before it; folders are opened in the background after `initialized`.
"""

from __future__ import annotations

from lsprotocol import types

from firsthand.lsp import answering, code_actions, commands, documents, hover, search, status
from firsthand.lsp.client_facts import facts_of, options_of
from firsthand.lsp.configuration import SECTION
from firsthand.lsp.failures import answered, noted
from firsthand.lsp.folders import OpenWorkspace
from firsthand.lsp.session import CacheFolder, FirsthandServer

__all__ = ["FirsthandServer", "create_server"]


def create_server(open_workspace: OpenWorkspace, cache_folder: CacheFolder | None = None) -> FirsthandServer:
    """Return a server that opens each root folder with `open_workspace`; `stdio.serve` or `start_tcp` starts it.

    Args:
        cache_folder: where a user with these settings keeps what Firsthand stores; answers go below it.
    """
    server = FirsthandServer(open_workspace, cache_folder)
    server.feature(types.INITIALIZE)(initialize)
    server.feature(types.INITIALIZED)(initialized)
    server.feature(types.SHUTDOWN)(shutdown)
    server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(did_change_workspace_folders)
    server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)(did_change_configuration)
    for feature in (answering, code_actions, commands, documents, hover, search, status):
        feature.register(server)
    return server


def initialize(ls: FirsthandServer, params: types.InitializeParams) -> None:
    """Read what the client says of itself."""
    ls.options = options_of(params.initialization_options)
    ls.client = facts_of(params.capabilities, ls.options)


@noted
async def initialized(ls: FirsthandServer, params: types.InitializedParams) -> None:
    """Open the folders, then ask the client to report changes."""
    if ls.options.streaming:
        ls.tasks.start(ls.status_watch.run(), "status notifications")
    await ls.configuration.pull()
    folders = [(folder.uri, folder.name) for folder in ls.workspace.folders.values()]
    if not folders and ls.workspace.root_uri:
        folders = [(ls.workspace.root_uri, "")]
    for uri, name in folders:
        ls.folders.add(uri, name, ls.configuration.settings_of)
    ls.folders.settle()
    ls.status_watch.changed()
    await _register_capabilities(ls)


@answered
async def shutdown(ls: FirsthandServer, params: None) -> None:
    """Stop all work and close the folders."""
    await ls.tasks.close()


@noted
async def did_change_workspace_folders(
    ls: FirsthandServer, params: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Close folders that went and open those that came."""
    for folder in params.event.removed:
        await ls.folders.remove(folder.uri)
    for folder in params.event.added:
        ls.folders.add(folder.uri, folder.name, ls.configuration.settings_of)
    ls.status_watch.changed()


@noted
async def did_change_configuration(ls: FirsthandServer, params: types.DidChangeConfigurationParams) -> None:
    """Read the settings again and open anew the folders for which they changed."""
    ls.configuration.pushed(params.settings)
    await ls.configuration.pull()
    for folder in ls.folders.all():
        settings = ls.configuration.settings_of(folder.root)
        if settings != folder.settings:
            ls.folders.reopen(folder, settings)


async def _register_capabilities(ls: FirsthandServer) -> None:
    registrations = []
    if ls.client.registers_configuration:
        options = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
        registrations.append(
            types.Registration("firsthand-configuration", types.WORKSPACE_DID_CHANGE_CONFIGURATION, options)
        )
    if ls.client.registers_watchers:
        watchers = [types.FileSystemWatcher(glob_pattern="**/*")]
        registrations.append(
            types.Registration(
                "firsthand-files",
                types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                types.DidChangeWatchedFilesRegistrationOptions(watchers),
            )
        )
    if registrations:
        await ls.client_register_capability_async(types.RegistrationParams(registrations))
