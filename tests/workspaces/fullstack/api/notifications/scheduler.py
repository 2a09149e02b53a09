"""When a notification is sent."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from notifications.preferences import Preferences


@dataclass(frozen=True)
class Notification:
    user_id: str
    subject: str
    body: str
    urgent: bool = False


def next_send_time(notification: Notification, preferences: Preferences, now: datetime) -> datetime:
    """Return when to send: urgent ones at once, the others outside the user's quiet hours."""
    if notification.urgent or not in_quiet_hours(now.time(), preferences):
        return now
    end = datetime.combine(now.date(), preferences.quiet_until, now.tzinfo)
    return end if end > now else end + timedelta(days=1)


def in_quiet_hours(moment: time, preferences: Preferences) -> bool:
    """Tell whether a time lies in the quiet hours, which may span midnight."""
    start, end = preferences.quiet_from, preferences.quiet_until
    if start <= end:
        return start <= moment < end
    return moment >= start or moment < end
