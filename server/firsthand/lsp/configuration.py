"""The settings of the session, from `initializationOptions` and from the client's section `firsthand`."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from firsthand import settings as settings_module
from firsthand.lsp.client_facts import settings_in
from firsthand.settings import Settings

if TYPE_CHECKING:
    from firsthand.lsp.session import FirsthandServer

log = logging.getLogger(__name__)

SECTION = "firsthand"
# A client that offers its configuration answers at once; one that does not must not keep the folders closed.
_SECONDS_TO_ANSWER = 5.0


class Configuration:
    """What the client has set, as it was last read."""

    def __init__(self, server: FirsthandServer) -> None:
        self._server = server
        self._section: Mapping[str, Any] = {}

    async def pull(self) -> None:
        """Ask the client for its section, if it can be asked."""
        if not self._server.client.configuration:
            return
        item = types.ConfigurationItem(section=SECTION)
        request = self._server.workspace_configuration_async(types.ConfigurationParams(items=[item]))
        try:
            sections = await asyncio.wait_for(request, _SECONDS_TO_ANSWER)
        except TimeoutError:
            log.warning("the client did not say its configuration")
            return
        except Exception as error:
            log.warning("the client could not say its configuration: %s", error)
            return
        self._section = settings_in(sections[0] if sections else None)

    def pushed(self, sent: object) -> None:
        """Take the section from a notification, from a client that cannot be asked."""
        if not self._server.client.configuration and isinstance(sent, Mapping) and SECTION in sent:
            self._section = settings_in(sent[SECTION])

    def settings_of(self, root: Path) -> Settings:
        """Return the settings for a root; values that cannot be used are reported once and left out."""
        options = self._server.options
        client = {
            **options.settings,
            **{key: value for key, value in self._section.items() if value is not None},
        }
        settings, problems = settings_module.load(root, client=client, trusted=options.trusted)
        for problem in problems:
            self._server.say_once(str(problem), types.MessageType.Warning)
        logging.getLogger("firsthand").setLevel(settings.log_level.upper())
        return settings if options.trusted else _without_models(settings)


def _without_models(settings: Settings) -> Settings:
    """Keep code of an untrusted folder away from every model but the embedder inside this process."""
    return replace(settings, provider="embedded", chat_model="none", embedding_model="embedded")
