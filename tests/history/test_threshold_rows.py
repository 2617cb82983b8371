"""Former changes of the threshold: under which day they are, and which of them come too late."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from leadops.history.outcomes import ImportResult
from leadops.thresholds.active_threshold import read_active_threshold
from tests.shipped import SHIPPED

from .conftest import Export

ROWS = [
    ("2026-02-28T15:00:00+00:00", "65", "", "approved", "too many calls"),  # midnight in Tokyo
    ("2026-04-09T00:05:00+09:00", "60", "30", "automatic", "taken back"),
]


def stored(export: Export) -> list[tuple[Any, ...]]:
    return export.query(
        "select day::text, value, sla_minutes, decided_by, plan, reason, kpi_version, facts"
        " from lifecycle.thresholds order by day"
    )


def test_a_change_is_on_record_under_the_day_before_it_took_effect(export: Export) -> None:
    assert export.bring("thresholds", ROWS) == ImportResult(rows=2, new=2)
    first, second = stored(export)
    assert first[:-1] == ("2026-02-28", 65, None, "approved", "keep", "too many calls", "2026-Q1")
    assert second[:-1] == ("2026-04-08", 60, 30, "automatic", "keep", "taken back", "2026-Q1")
    assert first[-1] == {"imported": "export.csv", "line": 2}
    assert export.bring("thresholds", ROWS, name="again.csv") == ImportResult(rows=2, known=2)
    assert stored(export) == [first, second]


def test_it_is_in_force_from_its_moment_on(export: Export) -> None:
    export.bring("thresholds", ROWS)

    def total(at: datetime) -> tuple[int | None, float]:
        active = read_active_threshold(export.connection, contract=SHIPPED.kpi, policy=SHIPPED.sla, at=at)
        return active.rule.total, active.target

    shipped = SHIPPED.sla.tiers[-1].first_contact_minutes
    assert total(datetime(2026, 2, 28, 15, tzinfo=UTC)) == (None, shipped)
    assert total(datetime(2026, 2, 28, 15, 1, tzinfo=UTC)) == (65, shipped)
    assert total(datetime(2026, 5, 1, tzinfo=UTC)) == (60, 30)


def test_a_kept_day_gives_way_and_a_change_of_leadops_own_ends_what_can_be_imported(export: Export) -> None:
    insert = (
        "insert into lifecycle.thresholds (day, kpi_version, effective_at, proposed_at, decided_by, reason,"
        " plan, facts, hash) values (%s, '2026-Q1', %s, now(), %s, 'own', 'keep', '{}', '')"
    )
    export.connection.execute(insert, ["2026-02-28", None, "kept"])
    export.connection.execute(insert, ["2026-03-31", "2026-03-31 18:00Z", "automatic"])
    assert export.bring("thresholds", ROWS) == ImportResult(
        rows=2,
        new=1,
        refused=1,
        reasons=Counter(["leadops changed the threshold before this change took effect"]),
    )
    assert [(row[0], row[5]) for row in stored(export)] == [
        ("2026-02-28", "too many calls"),
        ("2026-03-31", "own"),
    ]


def test_what_is_no_change_is_refused(export: Export) -> None:
    bad = [
        ("2026-03-01T00:00:00Z", "65", "", "reverted", "why"),
        ("2026-03-01T00:00:00Z", "65", "0", "approved", "why"),
        ("2026-03-01T00:00:00Z", "6.5", "", "approved", "why"),
        ("2026-03-01T00:00:00Z", "65", "", "approved", ""),
        ("", "65", "", "approved", "why"),
    ]
    assert export.bring("thresholds", bad).refused == 5
    assert [row.reason.split(":")[0] for row in export.refused] == [
        "decided_by must be one of automatic, approved",
        "sla_minutes",
        "total",
        "no reason",
        "no effective_at",
    ]
    assert stored(export) == []
