"""How long a failed call waits, and whether its target waits with it."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.clients.call_outcomes import Outcome, Postponed, Refused, Throttled, Unknown, Unreachable
from leadops.db import Connection
from leadops.delivery.push_report import PushReport, report_failed_call, schedule_retry
from tests.shipped import SHIPPED, change

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SETTINGS = change(SHIPPED.delivery, longest_backoff_seconds=60, credentials_pause_seconds=45)


@pytest.mark.parametrize(
    ("outcome", "attempts", "seconds", "is_paused"),
    [
        (Unknown("500"), 1, 1, False),
        (Unknown("500"), 2, 2, False),
        (Unknown("500"), 6, 32, False),
        (Unknown("500"), 7, 60, False),  # 64, but for the longest pause
        (Unknown("500"), 1000, 60, False),
        (Unreachable("no"), 3, 4, False),
        (Throttled(17), 5, 17, True),
        (Throttled(15.9), 5, 16, True),
        (Throttled(0), 1, 1, True),  # an answer that asks for no pause gets one all the same
        (Throttled(0), 4, 8, True),
        (Throttled(3600), 1, 3600, True),
        (Postponed("425"), 2, 2, False),
        (Postponed("425", 9), 2, 9, False),
        (Unknown("409", 409), 3, 4, False),
        (Unknown("409", 409, 30), 3, 30, False),
        (Unknown("503", 503), 3, 4, False),
        (Unknown("503", 503, 30), 3, 30, True),
        (Refused(401, "no"), 5, 45, True),
        (Refused(403, "no"), 1, 45, True),
    ],
)
def test_how_long_it_waits(
    connection: Connection, outcome: Outcome, attempts: int, seconds: float, is_paused: bool
) -> None:
    due = schedule_retry(connection, outcome, target="ma", attempts=attempts, settings=SETTINGS, now=NOW)
    assert due == NOW + timedelta(seconds=seconds)
    pauses = connection.execute("select paused_until from delivery.targets where target = 'ma'").fetchall()
    assert pauses == ([(due,)] if is_paused else [])


@pytest.mark.parametrize(
    ("outcome", "attempts", "failed_last", "is_paused"),
    [
        (Unknown("500"), 0, 1, False),
        (Unknown("500"), 1, 0, False),
        (Unreachable("no"), 0, 1, True),
        (Throttled(1), 2, 0, True),
        (Postponed("425"), 0, 1, False),
        (Unknown("503", 503, 30), 0, 1, True),
        (Unknown("409", 409, 30), 0, 1, False),
        (Refused(401, "no"), 0, 1, True),
    ],
)
def test_only_a_first_try_counts_against_the_target(
    outcome: Outcome, attempts: int, failed_last: int, is_paused: bool
) -> None:
    assert report_failed_call(outcome, "why", attempts=attempts) == PushReport(
        calls=1, failed=1, failed_last=failed_last, is_paused=is_paused, problem="why"
    )
