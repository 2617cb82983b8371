"""What counts as known when a day is over: each bound, with a row on it and a row right beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import MqlRule
from leadops.thresholds.score_history import ScoreHistory, count_backlog, read_score_history
from tests.shipped import SHIPPED, change

from .past import TICK, UNTIL, Past, before

pytestmark = pytest.mark.uncommitted

SETTINGS = change(
    SHIPPED.thresholds,
    window_days=28,
    label_days=365,
    mature_days=30,
    backlog_days=20,
    extrapolate_points=5,
    response={"floor": 0.2, "half_life_minutes": 120},
)


@dataclass
class History(Past):
    """What `read_score_history` says of it."""

    def read(self, **rule: Any) -> ScoreHistory:
        return read_score_history(
            self.connection,
            until=UNTIL,
            rule=MqlRule.model_validate({"fit": 0, "behaviour": 0} | rule),
            settings=SETTINGS,
        )

    def labels(self) -> list[tuple[float, float, float]]:
        """Return score, leads and SQLs of each row."""
        read = self.read()
        return list(zip(read.label_scores, read.labelled, read.became_sql, strict=True))

    def arrivals(self, **rule: Any) -> dict[float, float]:
        read = self.read(**rule)
        return dict(zip(read.arrival_scores, read.arrivals, strict=True))


@pytest.fixture
def past(connection: Connection) -> History:
    return History(connection)


def test_labels_are_mature_and_of_the_last_year(past: History) -> None:
    past.mql(before(365), 61)
    past.mql(before(365) - TICK, 62)
    past.mql(before(30) - TICK, 63)
    past.mql(before(30), 64)
    assert [score for score, _, _ in past.labels()] == [61, 63]


def test_labels_were_known_then(past: History) -> None:
    past.mql(before(40), 62, known=UNTIL - TICK)
    past.mql(before(40), 63, known=UNTIL)
    past.mql(before(40), 61)
    assert past.labels() == [(61, 1, 0), (62, 1, 0)], "by rising score"


def test_imported_mqls_are_no_labels(past: History) -> None:
    past.mql(before(40), 61, backfill=True)
    past.mql(before(40), 62, backfill=False)
    assert past.labels() == [(62, 1, 0)]
    past.mql(before(10), 61, backfill=True)
    past.mql(before(10), 62, backfill=False)
    assert past.arrivals() == {62: 1}


def test_a_customers_colleague_says_nothing_about_new_leads(past: History) -> None:
    known = {"account": {"state": "customer", "means": "tell", "lead_id": 9}}
    counted = {"account": known["account"] | {"means": "count"}}
    for moment, score in ((before(100), 61), (before(10), 71)):
        past.reach(past.mql(moment, score, **known), "sql", moment)
        past.reach(past.mql(moment, score + 1, **counted), "sql", moment)
    assert past.labels() == [(62, 1, 1)]
    assert past.arrivals() == {72: 1}
    assert count_backlog(past.connection, until=UNTIL, settings=SETTINGS) == 1
    # One who is an MQL missed nothing, though: they are no near miss.
    for lead in (1, 3):
        past.points(lead, 59, before(1))
    read = past.read(total=60)
    assert dict(zip(read.arrival_scores, read.arrivals, strict=True)) == {72: 1}


def test_an_sql_counts_from_the_mql_on_for_the_days_of_maturing(past: History) -> None:
    for score, after in enumerate(
        (-TICK, timedelta(0), timedelta(days=30) - TICK, timedelta(days=30)), start=61
    ):
        past.reach(past.mql(before(100), score), "sql", before(100) + after)
    assert past.labels() == [(61, 1, 0), (62, 1, 1), (63, 1, 1), (64, 1, 0)]


def test_an_sql_counts_if_it_is_of_the_same_cycle_and_was_known(past: History) -> None:
    past.reach(past.mql(before(100), 61), "sql", before(90), known=UNTIL - TICK)
    past.reach(past.mql(before(100), 62), "sql", before(90), known=UNTIL)
    past.reach(past.mql(before(100), 63), "sql", before(90), cycle=2)
    past.reach(past.mql(before(100), 64), "won", before(90))
    assert past.labels() == [(61, 1, 1), (62, 1, 0), (63, 1, 0), (64, 1, 0)]


def test_an_mql_that_does_not_say_its_score_has_that_of_the_ledger(past: History) -> None:
    moment = before(100)
    lead = past.mql(moment, None)
    past.points(lead, 40, moment - TICK)
    past.points(lead, 25, moment)
    past.points(lead, 7, moment + TICK)
    past.points(past.mql(moment, 80), 10, moment)
    past.mql(moment, None)  # without points it has no score
    assert past.labels() == [(65, 1, 0), (80, 1, 0)]


def test_arrivals_are_those_of_the_window_that_were_known(past: History) -> None:
    past.mql(before(28), 61)
    past.mql(before(28) - TICK, 62)
    past.mql(UNTIL - TICK, 63)
    past.mql(UNTIL, 64, known=UNTIL - TICK)
    past.mql(before(1), 65, known=UNTIL)
    past.mql(before(1), 63)
    past.mql(before(1), None)
    past.reach(past.mql(before(50), 66), "sql", before(1), evidence={"total": 66})
    assert past.arrivals() == {61: 1, 63: 2}
    assert list(past.read().arrival_scores) == [61, 63], "by rising score"


def near(past: History, total: int, recorded: datetime, *, kind: str = "rule", fit: int = 20) -> int:
    """Return the id of a lead without an MQL, with `fit` points of old and the rest earned at `recorded`."""
    past.leads += 1
    past.points(past.leads, fit, before(90), dimension="fit")
    past.points(past.leads, total - fit, recorded, kind=kind)
    return past.leads


def test_near_misses_earned_points_in_the_window(past: History) -> None:
    past.mql(before(100), 60)
    near(past, 71, before(28))
    near(past, 72, before(28) - TICK)
    near(past, 73, UNTIL - TICK)
    near(past, 74, UNTIL)
    near(past, 75, before(5), kind="correction")
    past.points(near(past, 79, before(90)), -3, before(5), kind="decay")
    past.points(near(past, 79, before(90)), -2, before(5), kind="correction")
    past.points(near(past, 70, before(90)), 7, before(5), kind="model", dimension="model")
    assert past.arrivals(total=80) == {71: 1, 73: 1, 75: 1}
    assert past.arrivals() == {}, "without a total nobody is near it"


def test_near_misses_have_what_was_known_of_them(past: History) -> None:
    past.mql(before(100), 60)
    lead = near(past, 71, before(5))
    past.points(lead, 3, UNTIL - TICK, kind="model", dimension="model")
    past.points(lead, 4, UNTIL)
    assert past.arrivals(total=80) == {74: 1}


def test_near_misses_are_under_the_total_and_not_far_below_the_labels(past: History) -> None:
    """The lowest label is 70, so 65 is the lowest score of interest."""
    past.mql(before(100), 70)
    for total in (64, 65, 79, 80):
        near(past, total, before(5))
    assert past.arrivals(total=80) == {65: 1, 79: 1}
    assert list(past.read(total=80).arrival_scores) == [65, 79]


def test_without_a_label_near_misses_are_near_the_total(past: History) -> None:
    for total in (74, 75):
        near(past, total, before(5))
    assert past.arrivals(total=80) == {75: 1}


def test_near_misses_pass_fit_and_behaviour(past: History) -> None:
    """Of 76 points 20 are fit and 56 behaviour."""
    near(past, 76, before(5))
    assert past.arrivals(total=80, fit=20, behaviour=56) == {76: 1}
    assert past.arrivals(total=80, fit=21, behaviour=56) == {}
    assert past.arrivals(total=80, fit=20, behaviour=57) == {}
    near(past, 77, before(5), fit=77 - 1)
    past.leads += 1
    past.points(past.leads, 78, before(5))  # no fit at all
    past.leads += 1
    past.points(past.leads, 79, before(5), dimension="fit")
    assert past.arrivals(total=80, fit=0, behaviour=0) == {76: 1, 77: 1, 78: 1, 79: 1}


def test_near_misses_were_never_mql(past: History) -> None:
    past.reach(near(past, 76, before(5)), "mql", before(60), known=UNTIL - TICK)
    past.reach(near(past, 77, before(5)), "mql", before(60), known=UNTIL)
    past.reach(near(past, 78, before(5)), "sal", before(60))
    assert past.arrivals(total=80) == {77: 1, 78: 1}


def test_what_waiting_left_of_the_chances(past: History) -> None:
    """Contacted at once 1, after a half-life 0.2 + 0.8 / 2 = 0.6, not known to be contacted 0.2.

    30 leads: ten of each, on average 0.6. With 29 contacts nothing is said.
    """
    moment = before(100)
    stops = (moment, 0.0), (UNTIL - TICK, 120.0), (UNTIL, 60.0)
    for stopped, minutes in stops:
        for _ in range(10):
            past.clock(past.mql(moment), stopped, minutes)
    assert past.read().responded is None
    for _ in range(9):
        past.clock(past.mql(moment), moment, 0.0)
    assert past.read().responded is None
    past.clock(past.mql(moment), moment, 0.0)
    # 20 × 1, 10 × 0.6, 10 × 0.2
    assert past.read().responded == pytest.approx(28 / 40)
    past.clock(past.mql(moment), None, None)
    assert past.read().responded == pytest.approx(28.2 / 41)


def test_only_known_first_contacts_of_labelled_mqls_say_what_waiting_left(past: History) -> None:
    for _ in range(30):
        past.clock(past.mql(before(100)), before(99), 0.0)
    assert past.read().responded == 1
    for others in (
        past.mql(before(365) - TICK),
        past.mql(before(30)),
        past.mql(before(100), known=UNTIL),
    ):
        past.clock(others, before(5), 120.0)
    past.clock(past.mql(before(100)), before(99), 120.0, clock="sal")
    past.leads += 1
    past.reach(past.leads, "sal", before(100))
    past.clock(past.leads, before(99), 120.0)
    assert past.read().responded == 1
    past.clock(past.mql(before(365)), before(5), 120.0)
    assert past.read().responded == pytest.approx(30.6 / 31)
    past.clock(past.mql(before(30) - TICK), before(5), 120.0)
    assert past.read().responded == pytest.approx(31.2 / 32)


def backlog(past: History) -> int:
    return count_backlog(past.connection, until=UNTIL, settings=SETTINGS)


def test_the_backlog_is_of_its_days_and_known(past: History) -> None:
    for occurred, known, waiting in (
        (before(20), None, 1),
        (before(20) - TICK, None, 1),
        (UNTIL - TICK, None, 2),
        (UNTIL, UNTIL - TICK, 2),
        (before(3), UNTIL, 2),
        (before(3), UNTIL - TICK, 3),
    ):
        past.mql(occurred, known=known)
        assert backlog(past) == waiting
    past.mql(before(3), backfill=True)
    past.reach(past.mql(before(40)), "sal", before(3))
    assert backlog(past) == 3
    past.mql(before(3), backfill=False)
    assert backlog(past) == 4


@pytest.mark.parametrize(
    ("fact", "waits"), [("contact", False), ("won", False), ("lost", False), ("taken", True)]
)
def test_what_ends_the_wait(past: History, fact: str, waits: bool) -> None:
    lead = past.mql(before(3))
    past.fact(lead, fact, UNTIL - TICK)
    assert backlog(past) == int(waits)


def test_what_comes_later_or_in_another_cycle_ends_no_wait(past: History) -> None:
    past.fact(past.mql(before(3)), "contact", UNTIL)
    past.fact(past.mql(before(3)), "contact", before(2), cycle=2)
    past.mql(before(3))
    past.fact(99, "contact", before(2))
    assert backlog(past) == 3


def test_an_imported_mql_counts_with_the_total_that_its_export_states(past: History) -> None:
    imported = {"imported": "deals.csv", "backfill": True}
    with_total = past.mql(before(60), 62, **imported)
    past.reach(with_total, "sql", before(50), evidence=imported)
    past.mql(before(60), None, **imported)
    past.mql(before(60), 64, backfill=True)  # leadops' own: nobody had to answer it
    past.mql(before(60), 66, known=UNTIL, **imported)  # not known then
    assert past.labels() == [(62, 1, 1)]
    past.mql(before(3), 70, **imported)
    past.mql(before(3), None, **imported)
    assert past.arrivals() == {70: 1}
