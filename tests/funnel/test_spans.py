"""Working time and free days by hand: 6 June 2026 is a Saturday, and Tokyo is 9 hours ahead of UTC."""

from datetime import UTC, datetime

from leadops.funnel.spans import Clocks, Spans, list_clocks
from tests.shipped import SHIPPED


def utc(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=UTC)


def test_working_time_and_free_days_of_a_weekend() -> None:
    """Working days are 09:00 to 18:00, 540 minutes; a day more is listed on both sides."""
    clocks = list_clocks(SHIPPED.sla, since=utc(5, 3), until=utc(7, 3))
    assert clocks.working == Spans(
        starts=[utc(4, 0), utc(4, 0), utc(5, 0), utc(8, 0)],
        ends=[utc(4, 0), utc(4, 9), utc(5, 9), utc(8, 9)],
        before=[0, 0, 540, 1080],
    )
    # Saturday and Sunday, from midnight to midnight.
    assert clocks.free == Spans(
        starts=[utc(5, 3), utc(5, 15), utc(6, 15)],
        ends=[utc(5, 3), utc(6, 15), utc(7, 15)],
        before=[0, 0, 1440],
    )


def test_without_a_free_day_an_empty_span_stands_at_the_start() -> None:
    clocks = list_clocks(SHIPPED.sla, since=utc(3, 3), until=utc(3, 4))
    assert clocks.free == Spans([utc(3, 3)], [utc(3, 3)], [0])
    assert clocks.working.starts == [utc(2, 0), utc(2, 0), utc(3, 0), utc(4, 0)]


def test_the_days_are_local_ones() -> None:
    """At 15:00 UTC the next day begins in Tokyo."""
    assert list_clocks(SHIPPED.sla, since=utc(3, 14, 59), until=utc(3, 14, 59)).working.starts[1:] == [
        utc(2, 0),
        utc(3, 0),
        utc(4, 0),
    ]
    assert list_clocks(SHIPPED.sla, since=utc(3, 15), until=utc(3, 15)).working.starts[1:] == [
        utc(3, 0),
        utc(4, 0),
        utc(5, 0),
    ]


def test_the_parameters_have_the_names_of_both() -> None:
    spans = Spans([utc(1, 0)], [utc(1, 1)], [0.0])
    assert Clocks(spans, Spans([], [], [])).values() == {
        "working_starts": [utc(1, 0)],
        "working_ends": [utc(1, 1)],
        "working_before": [0.0],
        "free_starts": [],
        "free_ends": [],
        "free_before": [],
    }
