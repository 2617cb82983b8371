"""Which changes are watched, and when exactly they were in force, by days worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

from leadops.thresholds.watched_changes import ThresholdDecision, find_watched_span

START = datetime(2026, 6, 1, tzinfo=UTC)


def at(day: float) -> datetime:
    return START + timedelta(days=day)


def decide(day: int, **facts: Any) -> ThresholdDecision:
    decided_by = "reverted" if "reverted" in facts else "automatic"
    return ThresholdDecision(at(day).date(), at(day), decided_by, 70 + day, None, facts, "")


def watch(*decisions: ThresholdDecision, until: float, days: int = 28) -> dict[str, Any] | None:
    """Return the days of the watched changes, and for each period the days of its intervals."""
    span = find_watched_span(decisions, until=at(until), days=days)
    return span and {
        "changes": [(change.effective_at - START).days for change in span.changes],
        "periods": [
            [((i.starts - START).days, (i.ends - START).days) for i in period] for period in span.periods
        ],
    }


def test_a_change_is_watched_for_its_days() -> None:
    assert watch(decide(40), until=68) == {"changes": [40], "periods": [[(12, 40)], [(40, 68)]]}
    assert watch(decide(40), until=69) is None
    assert watch(until=69) is None


def test_what_follows_leaves_the_first_change_watched() -> None:
    found = watch(decide(40), decide(43), until=60)
    assert found == {"changes": [40, 43], "periods": [[(12, 40)], [(40, 43)], [(43, 60)]]}


def test_it_is_held_against_what_was_in_force_right_before_it() -> None:
    """The change of day 10 is no longer watched, so days 12 to 20 are those of another threshold."""
    assert watch(decide(20), decide(50), until=60) == {
        "changes": [50],
        "periods": [[(22, 50)], [(50, 60)]],
    }
    assert watch(decide(20), decide(47), until=60, days=27)["periods"] == [  # type: ignore[index]
        [(-7, 20)],
        [(20, 47)],
        [(47, 60)],
    ]


def test_a_change_that_follows_a_watched_one_is_watched_together_with_it() -> None:
    assert watch(decide(40), decide(67), until=90)["changes"] == [40, 67]  # type: ignore[index]
    assert watch(decide(40), decide(69), until=90)["changes"] == [69]  # type: ignore[index]


def test_the_time_of_a_change_that_was_reverted_counts_for_none() -> None:
    """Days 43 to 50 had a change on top; before and after them that of day 40 was in force alone."""
    revert = decide(50, reverted=["2026-07-14"])
    assert at(43).date().isoformat() == "2026-07-14"
    found = watch(decide(40), decide(43), revert, until=60)
    assert found == {"changes": [40], "periods": [[(12, 40)], [(40, 43), (50, 60)]]}


def test_a_later_change_alone_stays_watched() -> None:
    """The first change is reverted, the second stays: the days with both count for nothing."""
    revert = decide(50, reverted=["2026-07-11"])
    found = watch(decide(40), decide(43), revert, until=60)
    assert found == {"changes": [43], "periods": [[(15, 40)], [(50, 60)]]}


def test_nothing_watches_an_imported_change() -> None:
    assert watch(decide(40, imported="changes.csv"), until=60) is None
    found = watch(decide(40, imported="changes.csv"), decide(45), until=60)
    assert found == {"changes": [45], "periods": [[(40, 45)], [(45, 60)]]}
