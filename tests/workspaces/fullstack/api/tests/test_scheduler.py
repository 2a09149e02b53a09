from datetime import datetime, time

import pytest

from notifications.preferences import Preferences
from notifications.scheduler import Notification, in_quiet_hours, next_send_time

NIGHT = Preferences(quiet_from=time(22), quiet_until=time(7))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(time(21, 59), False), (time(22), True), (time(3), True), (time(7), False)],
)
def test_quiet_hours_span_midnight(moment, expected):
    assert in_quiet_hours(moment, NIGHT) is expected


def test_urgent_notifications_do_not_wait():
    now = datetime(2024, 5, 1, 23, 0)

    assert next_send_time(Notification("u", "s", "b", urgent=True), NIGHT, now) == now
