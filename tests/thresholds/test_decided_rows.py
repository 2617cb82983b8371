"""Which decisions and MQLs the statements of the thresholds take: a row on each bound, and one beside it."""

from datetime import date, datetime, timedelta
from math import inf
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.thresholds import active_threshold, propose_threshold, rollback
from leadops.thresholds.active_threshold import DecidedThreshold
from leadops.thresholds.apply_threshold import ask_human, read_threshold, record_answer
from leadops.thresholds.blame import MqlPeriod
from leadops.thresholds.one_step import AskedPair
from leadops.thresholds.watched_changes import list_decisions

from .past import TICK, UNTIL, Past, before

pytestmark = pytest.mark.uncommitted

DAY = date(2026, 6, 30)


def days_before(days: int) -> date:
    return DAY - timedelta(days=days)


def decide(
    connection: Connection,
    day: date,
    *,
    plan: str = "apply",
    by: str = "automatic",
    at: datetime | None = None,
    value: int | None = None,
    version: str = "2026-Q1",
    facts: dict[str, Any] | None = None,
) -> None:
    """Add the row of `day`; without `at` it did not take effect."""
    connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, value, effective_at, proposed_at, decided_by,"
        " reason, plan, facts, hash) values (%s, %s, %s, %s, now(), %s, '', %s, %s, '')",
        [day, version, value, at, by if at else "kept", plan, Jsonb(facts or {})],
    )


@pytest.mark.parametrize(
    ("days", "by", "found"),
    [(0, "reverted", 0), (1, "reverted", 1), (13, "reverted", 1), (14, "reverted", 0), (5, "approved", 0)],
)
def test_a_rollback_of_the_last_days_before(connection: Connection, days: int, by: str, found: int) -> None:
    decide(connection, days_before(days), by=by, at=UNTIL)
    last = propose_threshold.queries.value(connection, "find_last_rollback", since=days_before(14), day=DAY)
    assert last == (days_before(days) if found else None)


def test_the_newest_rollback_counts(connection: Connection) -> None:
    for days in (9, 3, 6):
        decide(connection, days_before(days), by="reverted", at=UNTIL)
    last = propose_threshold.queries.value(connection, "find_last_rollback", since=days_before(14), day=DAY)
    assert last == days_before(3)


def decide_model(connection: Connection, day: date, outcome: str) -> None:
    connection.execute(
        "insert into training.decisions (day, outcome, reason, inputs_hash, findings, decided_at)"
        " values (%s, %s, '', '', '{}', now())",
        [day, outcome],
    )


def test_the_last_change_of_the_model(connection: Connection) -> None:
    def find() -> date | None:
        day: date | None = propose_threshold.queries.value(
            connection, "find_last_model_change", since=days_before(30), day=DAY
        )
        return day

    for days in (-1, 30):
        decide_model(connection, days_before(days), "replaced")
    for outcome in ("kept", "no_better", "too_little", "refused"):
        decide_model(connection, days_before(1), outcome)
    assert find() is None
    decide_model(connection, days_before(29), "first")
    assert find() == days_before(29)
    decide_model(connection, DAY, "replaced")
    decide_model(connection, days_before(2), "replaced")
    assert find() == DAY


def ask(connection: Connection, days: int, *, threshold: float = 70, **row: Any) -> None:
    facts = {"then": {"threshold": threshold, "sla_minutes": 60}}
    decide(connection, days_before(days), **{"plan": "ask", "facts": facts} | row)


def asked(connection: Connection) -> list[int]:
    """Return how many days before DAY the pairs were asked about."""
    pairs = propose_threshold.queries.all(
        connection, "list_asked_pairs", AskedPair, day=DAY, version="2026-Q1"
    )
    assert all((pair.threshold, pair.sla_minutes) == (70, 60) for pair in pairs)
    return [(DAY - pair.day).days for pair in pairs]


def test_pairs_that_a_human_was_asked_about_before_the_day(connection: Connection) -> None:
    ask(connection, 0)
    ask(connection, 1)
    ask(connection, 9)
    ask(connection, 2, plan="keep")
    ask(connection, 3, plan="apply")
    ask(connection, 4, version="2026-Q2")
    ask(connection, 5, at=UNTIL, by="automatic")
    assert asked(connection) == [9, 1]


@pytest.mark.parametrize(
    ("by", "days", "left"),
    [
        ("approved", 4, [3, 2]),
        ("reverted", 4, [3, 2]),
        ("automatic", 4, [5, 3, 2]),
        ("approved", 0, [5, 3, 2]),
        ("approved", 6, [5, 3, 2]),
    ],
)
def test_a_human_or_a_rollback_ends_the_question(
    connection: Connection, by: str, days: int, left: list[int]
) -> None:
    for before_day in (5, 3, 2):
        ask(connection, before_day)
    decide(connection, days_before(days), by=by, at=UNTIL)
    assert asked(connection) == left


def test_decisions_take_effect_under_their_version_the_oldest_first(connection: Connection) -> None:
    decide(connection, days_before(1), at=UNTIL, value=71)
    decide(connection, days_before(2), at=UNTIL + TICK, value=72)
    decide(connection, days_before(3), at=UNTIL - TICK, value=73)
    decide(connection, days_before(4), value=74)
    decide(connection, days_before(5), at=UNTIL - 2 * TICK, value=75, version="2026-Q2")
    decisions = list_decisions(connection, version="2026-Q1", until=UNTIL)
    assert [decision.value for decision in decisions] == [73, 71]


def test_what_is_active_took_effect_before(connection: Connection) -> None:
    def read() -> DecidedThreshold | None:
        return active_threshold.queries.first(
            connection, "read_active", DecidedThreshold, version="2026-Q1", at=UNTIL
        )

    decide(connection, days_before(1), at=UNTIL, value=71)
    decide(connection, days_before(4), value=74)
    decide(connection, days_before(5), at=UNTIL - TICK, value=75, version="2026-Q2")
    assert read() is None
    decide(connection, days_before(6), at=UNTIL - TICK, value=76)
    decide(connection, days_before(3), at=UNTIL - 2 * TICK, value=73)
    assert read() == DecidedThreshold(76, None)


def test_what_can_be_asked_and_answered(connection: Connection) -> None:
    rows: dict[int, dict[str, Any]] = {
        1: {"plan": "ask"},
        2: {"plan": "keep", "facts": {"asked_on": "2026-06-20"}},
        3: {"plan": "keep"},
        4: {"plan": "apply"},
        5: {"plan": "ask", "at": UNTIL},
        6: {"plan": "apply", "facts": {"asked_on": "2026-06-20"}},
    }
    for days, row in rows.items():
        decide(connection, days_before(days), **row)
    asks = {days: ask_human(connection, day=days_before(days), now=UNTIL) for days in rows}
    assert asks == {1: True, 2: False, 3: False, 4: False, 5: False, 6: False}
    answers = {days: record_answer(connection, day=days_before(days), answer="approved") for days in rows}
    assert answers == {1: True, 2: True, 3: False, 4: False, 5: False, 6: False}
    assert {days for days in rows if read_threshold(connection, days_before(days)).answer} == {1, 2}


def measure(past: Past, *intervals: tuple[datetime, datetime]) -> MqlPeriod:
    return rollback.queries.one(
        past.connection,
        "measure_period",
        MqlPeriod,
        starts=[starts for starts, _ in intervals],
        ends=[ends for _, ends in intervals],
        version="2026-Q1",
        until=UNTIL,
        lead_days=7,
    )


@pytest.fixture
def past(connection: Connection) -> Past:
    return Past(connection)


def test_a_period_has_its_start_and_not_its_end(past: Past) -> None:
    for days in (20, 18, 16, 14):
        for after in (-TICK, timedelta(0), timedelta(hours=1)):
            past.mql(before(days) + after)
    # At 20 days and after, before 18; at 16 days and after, before 14.
    assert measure(past, (before(20), before(18)), (before(16), before(14))).leads == 6
    assert measure(past).leads == 0


def test_a_period_has_live_mqls_of_its_version_that_were_known(past: Past) -> None:
    span = before(20), before(10)
    past.mql(before(15), known=UNTIL - TICK)
    past.mql(before(15), known=UNTIL)
    past.mql(before(15), backfill=True)
    past.mql(before(15), backfill=False)
    past.mql(before(15), account={"state": "open_deal", "means": "tell", "lead_id": 1})
    past.reach(98, "mql", before(15), version="2026-Q2")
    past.reach(99, "sal", before(15))
    assert measure(past, span) == MqlPeriod(2, 0, 0, None)


def test_an_mql_is_judged_when_its_days_are_over(past: Past) -> None:
    past.mql(before(7) - TICK)
    past.reach(past.mql(before(7)), "sql", before(6))
    assert measure(past, (before(20), UNTIL)) == MqlPeriod(1, 0, 0, None)


@pytest.mark.parametrize(
    ("after", "sqls"),
    [(-TICK, 0), (timedelta(0), 1), (timedelta(days=7) - TICK, 1), (timedelta(days=7), 0)],
)
def test_an_sql_counts_within_its_days(past: Past, after: timedelta, sqls: int) -> None:
    past.reach(past.mql(before(15)), "sql", before(15) + after)
    assert measure(past, (before(20), before(10))) == MqlPeriod(1, sqls, 0, None)
    assert measure(past, (before(15), before(10))) == MqlPeriod(1, sqls, 0, None)


def test_an_sql_of_another_cycle_or_not_yet_known_does_not_count(past: Past) -> None:
    past.reach(past.mql(before(15)), "sql", before(14), cycle=2)
    past.reach(past.mql(before(15)), "won", before(14))
    past.reach(past.mql(before(15)), "sql", before(14), known=UNTIL)
    assert measure(past, (before(20), before(10))).sqls == 0
    past.reach(past.mql(before(15)), "sql", before(14), known=UNTIL - TICK)
    assert measure(past, (before(20), before(10))) == MqlPeriod(4, 1, 0, None)


def test_an_sql_between_two_intervals_counts(past: Past) -> None:
    past.reach(past.mql(before(19)), "sql", before(17.5))
    assert measure(past, (before(20), before(18)), (before(16), before(14))) == MqlPeriod(1, 1, 0, None)


def test_the_wait_of_another_cycle_says_nothing(past: Past) -> None:
    past.clock(past.mql(before(15)), before(14), 5.0, due=before(14), cycle=2)
    assert measure(past, (before(20), before(10))) == MqlPeriod(1, 0, 0, None)


def test_the_wait_is_the_median_of_what_is_known(past: Past) -> None:
    """Contacted after 10, 20 and 30 minutes; one waits too long: the lower of the middle two is 20."""
    span = before(20), before(10)
    for minutes in (30.0, 10.0, 20.0):
        past.clock(past.mql(before(15)), UNTIL - TICK, minutes, due=before(14))
    past.clock(past.mql(before(15)), None, None, due=UNTIL)  # may still be in time
    past.clock(past.mql(before(15)), UNTIL, 5.0, due=UNTIL)  # not known
    past.clock(past.mql(before(15)), before(14), 1.0, clock="sal", due=before(14))
    assert measure(past, span) == MqlPeriod(6, 0, 3, 20.0)
    past.clock(past.mql(before(15)), None, None, due=UNTIL - TICK)
    assert measure(past, span) == MqlPeriod(7, 0, 4, 20.0)
    past.clock(past.mql(before(15)), UNTIL, 40.0, due=before(14))
    past.clock(past.mql(before(15)), None, None, due=before(14))
    assert measure(past, span) == MqlPeriod(9, 0, 6, 30.0)
    past.clock(past.mql(before(15)), None, None, due=before(14))
    assert measure(past, span) == MqlPeriod(10, 0, 7, inf)
