"""Sending over the channels that a user has chosen."""

import logging
from collections.abc import Mapping
from typing import Protocol

from notifications.preferences import Preferences
from notifications.scheduler import Notification

log = logging.getLogger(__name__)


class Channel(Protocol):
    def deliver(self, notification: Notification) -> None: ...


class DeliveryError(Exception):
    """A channel could not deliver."""


class NotificationSender:
    """Delivers over the first channel that works."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels

    def send(self, notification: Notification, preferences: Preferences) -> str:
        """Try the user's channels in order; return the one that delivered.

        Raises:
            DeliveryError: no channel could deliver.
        """
        for name in preferences.channels:
            channel = self._channels.get(name)
            if channel is None:
                continue
            try:
                channel.deliver(notification)
            except DeliveryError:
                log.warning("channel %s failed, trying the next", name)
                continue
            return name
        raise DeliveryError("No channel could deliver the notification")
