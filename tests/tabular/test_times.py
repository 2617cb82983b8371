from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from leadops.tabular.times import NoZoneError, check_time_format, parse_iso_time, parse_time

TOKYO = ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "time_format", "parsed"),
    [
        ("2026-07-01T09:30:00Z", "iso", "2026-07-01T09:30:00+00:00"),
        ("2026-07-01T09:30:00", "iso", "2026-07-01T00:30:00+00:00"),
        ("2026-07-01", "iso", "2026-06-30T15:00:00+00:00"),
        ("1530396000", "unix", "2018-06-30T22:00:00+00:00"),
        ("1530396000500", "unix_ms", "2018-06-30T22:00:00.500000+00:00"),
        ("43132.5", "excel", "2018-02-01T03:00:00+00:00"),
        ("31.05.2018 09:00", "%d.%m.%Y %H:%M", "2018-05-31T00:00:00+00:00"),
    ],
)
def test_a_time_in_utc(text: str, time_format: str, parsed: str) -> None:
    assert parse_time(text, time_format, zone=TOKYO).isoformat() == parsed


@pytest.mark.parametrize(
    ("text", "time_format"),
    [
        ("yesterday", "iso"),
        ("0001-01-01T00:00:00+23:00", "iso"),
        ("1e30", "unix"),
        ("nan", "unix"),
        ("1e30", "excel"),
        ("2018-05-31", "%d-%m-%Y"),
    ],
)
def test_what_is_not_a_time_is_a_value_error(text: str, time_format: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse_time(text, time_format, zone=TOKYO)
    assert not isinstance(caught.value, NoZoneError)


def test_without_any_zone_it_says_so() -> None:
    with pytest.raises(NoZoneError):
        parse_time("2026-07-01T09:30:00", "iso", zone=None)


def test_a_feeds_time_names_its_offset() -> None:
    assert parse_iso_time("2026-06-01T10:00:00+09:00") == datetime(2026, 6, 1, 1, tzinfo=UTC)
    for value, words in ((None, "ISO 8601"), (20260601, "ISO 8601"), ("2026-06-01T10:00:00", "offset")):
        with pytest.raises(ValueError, match=words):
            parse_iso_time(value)


def test_a_format_says_the_day() -> None:
    for good in ("iso", "unix", "excel", "%d-%m-%Y %H:%M", "%Y%j"):
        check_time_format(good)
    for bad in ("%H:%M", "%d-%m", "dd-mm-yyyy", "%Y-%m-%d %Q"):
        with pytest.raises(ValueError, match=r"strptime|does not say the day"):
            check_time_format(bad)
