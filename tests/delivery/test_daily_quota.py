"""The calls of a target's day: who gets how many, and when there are more."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from leadops.db import Connection, connect
from leadops.delivery.daily_quota import note_reading, note_reads
from leadops.delivery.delivery_settings import TargetSettings
from leadops.delivery.rate_limit import acquire_permits, settle_permits
from leadops.delivery.removal import purge_call_counts
from leadops.lanes import Lane
from leadops.locks import Lock, holding_place
from leadops.products.product_rows import QuotaReading
from tests.delivery_fixture import DeliveryFixture, desk, impatient, ma_url  # noqa: F401 - fixtures
from tests.shipped import SHIPPED, change
from tests.waiting import outlive_sessions

#: 18:00 in Tokyo.
NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def limits(**changes: object) -> TargetSettings:
    """Ten calls a day, three of them for the live lane alone."""
    wanted = {"daily_calls": 10, "day_ends": "Asia/Tokyo", "live_reserve": 0.3} | changes
    return change(SHIPPED.delivery.targets["ma"], **wanted)


def take(
    connection: Connection,
    settings: TargetSettings,
    lane: Lane = Lane.LIVE,
    wanted: int = 99,
    *,
    now: datetime,
) -> tuple[int, timedelta]:
    """Take up to `wanted` permits and make the calls at once."""
    granted, wait = acquire_permits(connection, "ma", settings, lane, wanted=wanted, now=now)
    settle_permits(connection, "ma", granted=granted, unused=0, now=now)
    return granted, wait


def closed_until(connection: Connection) -> datetime | None:
    row = connection.execute("select max(closed_until) from delivery.quotas").fetchone()
    assert row
    until: datetime | None = row[0]
    return until


def test_backfill_leaves_the_live_lane_its_reserve_and_the_day_ends_at_local_midnight(
    connection: Connection,
) -> None:
    settings = limits()
    assert take(connection, settings, Lane.BACKFILL, now=NOW)[0] == 7
    assert take(connection, settings, Lane.BACKFILL, now=NOW) == (0, 6 * HOUR)
    assert closed_until(connection) is None
    assert take(connection, settings, now=NOW)[0] == 3
    assert take(connection, settings, now=NOW + HOUR) == (0, 5 * HOUR)
    assert closed_until(connection) == datetime(2026, 5, 1, 15, 0, tzinfo=UTC)
    assert take(connection, settings, now=NOW + 6 * HOUR - MINUTE) == (0, MINUTE)
    assert take(connection, settings, now=NOW + 6 * HOUR)[0] == 10


def test_a_day_may_have_25_hours(connection: Connection) -> None:
    """On 1 November 2026 New York's clocks go back: its day is from 04:00 UTC to 05:00 UTC."""
    settings = limits(day_ends="America/New_York")
    assert take(connection, settings, now=datetime(2026, 11, 1, 4, 0, tzinfo=UTC))[0] == 10
    assert take(connection, settings, now=datetime(2026, 11, 1, 17, 0, tzinfo=UTC)) == (0, 12 * HOUR)
    assert take(connection, settings, now=datetime(2026, 11, 2, 5, 0, tzinfo=UTC))[0] == 10


def test_in_a_rolling_day_calls_come_back_one_day_after_they_were_made(connection: Connection) -> None:
    settings = limits(day_ends="rolling")
    assert take(connection, settings, wanted=4, now=NOW + 5 * MINUTE)[0] == 4
    assert take(connection, settings, now=NOW + 11 * HOUR)[0] == 6
    # Calls are counted by quarters of an hour: those of 09:05 count until 09:15.
    assert take(connection, settings, now=NOW + 24 * HOUR + 10 * MINUTE) == (0, 5 * MINUTE)
    assert take(connection, settings, now=NOW + 24 * HOUR + 15 * MINUTE)[0] == 4


def test_what_the_target_says_of_its_account_counts_with_the_calls_of_others(connection: Connection) -> None:
    settings = limits(daily_calls=None)
    assert take(connection, settings, wanted=50, now=NOW)[0] == 50
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=68, limit=100), now=NOW)
    assert take(connection, settings, Lane.BACKFILL, now=NOW)[0] == 2
    assert take(connection, settings, Lane.BACKFILL, now=NOW)[0] == 0
    assert take(connection, settings, now=NOW)[0] == 30
    assert take(connection, settings, now=NOW) == (0, 6 * HOUR)
    # What was said yesterday says nothing of today.
    assert take(connection, settings, wanted=200, now=NOW + 6 * HOUR)[0] == 200


def test_what_polls_and_audits_read_is_counted_with_the_calls_of_pushes(connection: Connection) -> None:
    settings = limits()
    note_reads(connection, "ma", outcomes=Counter(answered=4), reading=None, now=NOW)
    assert take(connection, settings, now=NOW)[0] == 6
    assert take(connection, settings, now=NOW) == (0, 6 * HOUR)
    reading = QuotaReading(used=90, limit=100)
    note_reads(connection, "ma", outcomes=Counter(answered=3), reading=reading, now=NOW + 7 * HOUR)
    assert take(connection, settings, now=NOW + 7 * HOUR)[0] == 7
    note_reads(connection, "ma", outcomes=Counter(answered=2), reading=None, now=NOW + 8 * HOUR)
    # 90 + 7 + 2 of the 100 of the account, which is more than 3 + 7 + 2 of ours.
    assert take(connection, limits(daily_calls=50), now=NOW + 8 * HOUR)[0] == 1


def test_the_smaller_of_both_limits_counts(connection: Connection) -> None:
    settings = limits()
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=95, limit=100), now=NOW)
    assert take(connection, settings, now=NOW)[0] == 5
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=20, limit=100), now=NOW + 7 * HOUR)
    assert take(connection, settings, now=NOW + 7 * HOUR)[0] == 10


def test_a_rolling_account_is_asked_again_an_hour_after_it_said_that_nothing_is_left(
    connection: Connection,
) -> None:
    settings = limits(daily_calls=None, day_ends="rolling")
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=100, limit=100), now=NOW)
    assert take(connection, settings, now=NOW + 20 * MINUTE) == (0, 40 * MINUTE)
    assert take(connection, settings, wanted=1, now=NOW + HOUR + MINUTE)[0] == 1


def test_calls_that_were_not_made_are_there_again(connection: Connection) -> None:
    settings = limits()
    granted, _ = acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=99, now=NOW)
    assert granted == 10
    # Others may give some back, so the day is not used up yet.
    assert take(connection, settings, now=NOW) == (0, timedelta(seconds=1))
    assert closed_until(connection) is None
    settle_permits(connection, "ma", granted=10, unused=4, now=NOW)
    assert take(connection, settings, now=NOW + HOUR)[0] == 4
    assert take(connection, settings, now=NOW + HOUR) == (0, 5 * HOUR)
    assert closed_until(connection) == NOW + 6 * HOUR


def test_what_a_killed_process_reserved_is_lost_for_the_day_and_holds_nobody_up(
    connection: Connection,
) -> None:
    settings = limits()
    acquire_permits(connection, "ma", settings, Lane.LIVE, wanted=99, now=NOW)
    assert take(connection, settings, now=NOW + 3 * MINUTE) == (0, 6 * HOUR - 3 * MINUTE)


def test_a_reading_of_the_first_hour_that_leaves_nothing_is_asked_for_again(connection: Connection) -> None:
    """The target's clock is behind: at 00:00:30 it still counts yesterday's 100 of 100."""
    settings, midnight = limits(daily_calls=None), NOW + 6 * HOUR
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=100, limit=100), now=midnight + MINUTE / 2)
    assert take(connection, settings, now=midnight + MINUTE) == (0, 14.5 * MINUTE)
    assert take(connection, settings, wanted=1, now=midnight + 16 * MINUTE)[0] == 1
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=100, limit=100), now=midnight + 2 * HOUR)
    assert take(connection, settings, now=midnight + 2 * HOUR) == (0, 22 * HOUR)


def test_what_was_said_yesterday_is_not_made_todays_by_an_answer_without_numbers(
    connection: Connection,
) -> None:
    settings, tomorrow = limits(daily_calls=None), NOW + 7 * HOUR
    with connection.transaction():
        note_reading(connection, "ma", QuotaReading(used=100, limit=100), now=NOW)
        note_reading(connection, "ma", QuotaReading(used_up_for=20), now=tomorrow)
    assert take(connection, settings, now=tomorrow) == (0, timedelta(seconds=20))
    assert take(connection, settings, wanted=7, now=tomorrow + MINUTE)[0] == 7


def test_a_limit_alone_is_compared_with_our_own_calls_of_the_day(connection: Connection) -> None:
    settings = limits(daily_calls=None)
    for day in range(4):
        now = NOW + day * 24 * HOUR
        assert take(connection, settings, wanted=40, now=now)[0] == 40
        with connection.transaction():
            note_reading(connection, "ma", QuotaReading(limit=100), now=now)
    assert take(connection, settings, now=now)[0] == 60


def test_more_calls_in_the_settings_count_at_once(connection: Connection) -> None:
    assert take(connection, limits(), now=NOW)[0] == 10
    assert take(connection, limits(), now=NOW)[0] == 0
    assert take(connection, limits(daily_calls=15), now=NOW)[0] == 5
    assert closed_until(connection) is None


def test_processes_at_once_take_no_more_than_the_day_has(database_url: str) -> None:
    def take_one_by_one(_: int) -> int:
        with connect(database_url) as connection:
            return sum(take(connection, limits(daily_calls=25), wanted=2, now=NOW)[0] for _ in range(10))

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(take_one_by_one, range(4))) == 25


def test_old_counts_are_deleted(connection: Connection) -> None:
    take(connection, limits(), now=NOW)
    take(connection, limits(), now=NOW + 24 * HOUR)
    with connection.transaction():
        assert purge_call_counts(connection, before=NOW + 24 * HOUR, max_rows=10) == 1


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ValidationError, match="day_ends"):
        limits(day_ends="Mars/Olympus")


def test_a_push_makes_the_calls_of_its_day_and_not_one_more(desk: DeliveryFixture) -> None:  # noqa: F811
    """To make two leads and score them takes four calls here; with two a day that takes two days."""
    desk.settings = impatient(daily_calls=2, day_ends="UTC", connections=1)
    desk.clock = lambda: NOW
    for lead, points in [(desk.add_lead(), 5), (desk.add_lead(), 7)]:
        desk.score(lead, points)

    first = desk.push()
    assert first.calls == 2
    assert first.problem == "the target is paused, or its rate limit or daily quota is used up"
    for minutes in (1, 60, 15 * 60 - 1):
        desk.clock = lambda minutes=minutes: NOW + minutes * MINUTE
        assert desk.push().calls == 0
    desk.clock = lambda: NOW + 15 * HOUR
    second = desk.push()
    assert second.calls == 2
    assert (first.effects + second.effects, first.deltas + second.deltas) == (2, 2)
    assert not desk.audit().differences
    assert desk.value("select sum(calls) from delivery.call_counts") == 4


def test_nothing_is_sent_while_others_make_all_calls_that_the_target_takes_at_once(
    desk: DeliveryFixture,  # noqa: F811
) -> None:
    desk.score(desk.add_lead(), 5)
    desk.settings = impatient(calls_at_once=1)
    with connect(desk.url) as other, holding_place(other, Lock.TARGET_CALLS, "ma", places=1) as is_free:
        assert is_free
        assert desk.push(seconds=0.5).calls == 0
    done = desk.push()
    assert (done.effects, done.deltas) == (1, 1)


def test_a_process_that_is_gone_keeps_no_place(database_url: str) -> None:
    with connect(database_url) as mine:
        with (
            outlive_sessions(database_url),
            connect(database_url) as other,
            holding_place(other, Lock.TARGET_CALLS, "ma", places=1),
        ):
            with holding_place(mine, Lock.TARGET_CALLS, "ma", places=1) as is_free:
                assert not is_free
            with holding_place(mine, Lock.TARGET_CALLS, "crm", places=1) as is_free:
                assert is_free
            other.close()
        with holding_place(mine, Lock.TARGET_CALLS, "ma", places=1) as is_free:
            assert is_free
