"""Clock changes and quiet hours, each with the answer worked out by hand."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from leadops.nurture.due_times import find_due, find_local, find_next_quiet, leave_quiet
from leadops.nurture.nurture_settings import NurtureStep, QuietHours

BERLIN, TOKYO = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo")
APIA, SANTIAGO = ZoneInfo("Pacific/Apia"), ZoneInfo("America/Santiago")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def step(delay: str) -> NurtureStep:
    return NurtureStep.model_validate({"name": "x", "delay": delay, "message": "m", "stale_after": "24h"})


def quiet(start: str, end: str) -> QuietHours:
    return QuietHours.model_validate({"from": start, "until": end})


@pytest.mark.parametrize(
    ("delay", "entered", "zone", "due"),
    [
        ("1h", "2026-06-02T01:00", TOKYO, "2026-06-02T02:00"),
        ("7d", "2026-06-02T01:00", TOKYO, "2026-06-09T01:00"),
        # 168 hours over the change of 29 March: 10:00 becomes 11:00 by Berlin's clock.
        ("7d", "2026-03-25T09:00", BERLIN, "2026-04-01T09:00"),
        # 23:59 in Tokyo is one minute before the next day, 00:01 is a whole day away.
        ("next_day", "2026-06-02T14:59", TOKYO, "2026-06-03T00:00"),
        ("next_day", "2026-06-02T15:01", TOKYO, "2026-06-04T00:00"),
        # 28 March in Berlin is winter time; 09:00 on the 29th is summer time, 07:00 UTC.
        ("next_day", "2026-03-28T11:00", BERLIN, "2026-03-29T07:00"),
        ("next_day", "2026-03-27T11:00", BERLIN, "2026-03-28T08:00"),
        ("next_day", "2026-10-24T11:00", BERLIN, "2026-10-25T08:00"),
    ],
)
def test_a_step_is_due_by_the_leads_clock(delay: str, entered: str, zone: ZoneInfo, due: str) -> None:
    assert find_due(step(delay), utc(entered), zone=zone, next_day_at=time(9)) == utc(due)


@pytest.mark.parametrize(
    ("day", "clock", "zone", "moment"),
    [
        # 02:30 is skipped on 29 March 2026: the clock goes from 02:00 to 03:00, at 01:00 UTC.
        ("2026-03-29", "02:30", BERLIN, "2026-03-29T01:00"),
        ("2026-03-29", "03:00", BERLIN, "2026-03-29T01:00"),
        ("2026-03-29", "01:59", BERLIN, "2026-03-29T00:59"),
        # 02:30 comes twice on 25 October 2026, at 00:30 and 01:30 UTC.
        ("2026-10-25", "02:30", BERLIN, "2026-10-25T00:30"),
        ("2026-10-25", "03:00", BERLIN, "2026-10-25T02:00"),
        # Santiago skips midnight on 6 September 2026: the day begins at 01:00, at 04:00 UTC.
        ("2026-09-06", "00:00", SANTIAGO, "2026-09-06T04:00"),
        # Samoa skipped 30 December 2011: what is due on it comes when the 31st begins, at 10:00 UTC.
        ("2011-12-30", "09:00", APIA, "2011-12-30T10:00"),
    ],
)
def test_the_first_moment_of_a_clock(day: str, clock: str, zone: ZoneInfo, moment: str) -> None:
    found = find_local(datetime.fromisoformat(day).date(), time.fromisoformat(clock), zone)
    assert found == utc(moment)


@pytest.mark.parametrize(
    ("hours", "moment", "zone", "goes"),
    [
        (("20:00", "08:00"), "2026-06-02T10:59", TOKYO, "2026-06-02T10:59"),
        (("20:00", "08:00"), "2026-06-02T11:00", TOKYO, "2026-06-02T23:00"),
        (("20:00", "08:00"), "2026-06-02T22:59", TOKYO, "2026-06-02T23:00"),
        (("20:00", "08:00"), "2026-06-02T23:00", TOKYO, "2026-06-02T23:00"),
        (("12:00", "13:00"), "2026-06-02T03:30", TOKYO, "2026-06-02T04:00"),
        (("00:00", "07:00"), "2026-06-01T15:00", TOKYO, "2026-06-01T22:00"),
        # The night of 29 March has an hour less: 08:00 is 06:00 UTC. That of 25 October has one more.
        (("20:00", "08:00"), "2026-03-28T20:00", BERLIN, "2026-03-29T06:00"),
        (("20:00", "08:00"), "2026-10-24T20:00", BERLIN, "2026-10-25T07:00"),
        # The hours end at 02:30, which is skipped: the clock shows 03:00 at 01:00 UTC.
        (("22:00", "02:30"), "2026-03-29T00:30", BERLIN, "2026-03-29T01:00"),
        # 02:30 comes twice: at 00:30 UTC it ends them; at 01:00 UTC it is 02:00 again, and they begin again.
        (("22:00", "02:30"), "2026-10-25T00:10", BERLIN, "2026-10-25T00:30"),
        (("22:00", "02:30"), "2026-10-25T00:40", BERLIN, "2026-10-25T00:40"),
        (("22:00", "02:30"), "2026-10-25T01:10", BERLIN, "2026-10-25T01:30"),
    ],
)
def test_quiet_hours_end_by_the_leads_clock(
    hours: tuple[str, str], moment: str, zone: ZoneInfo, goes: str
) -> None:
    assert leave_quiet(utc(moment), quiet(*hours), zone) == utc(goes)


def test_without_quiet_hours_nothing_waits() -> None:
    moment = utc("2026-06-02T11:00")
    assert leave_quiet(moment, None, TOKYO) == moment
    assert find_next_quiet(moment, None, TOKYO) is None


@pytest.mark.parametrize(
    ("hours", "moment", "begins"),
    [
        (("20:00", "08:00"), "2026-06-02T10:59", "2026-06-02T11:00"),
        (("20:00", "08:00"), "2026-06-02T23:00", "2026-06-03T11:00"),
        (("00:00", "07:00"), "2026-06-01T22:00", "2026-06-02T15:00"),
    ],
)
def test_when_the_next_quiet_hours_begin(hours: tuple[str, str], moment: str, begins: str) -> None:
    assert find_next_quiet(utc(moment), quiet(*hours), TOKYO) == utc(begins)
