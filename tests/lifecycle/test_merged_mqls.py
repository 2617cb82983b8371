"""Which MQLs of leads that were split are removed: each condition alone, and each bound."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lanes import Lane
from leadops.lifecycle.follow_merges import queries
from tests.lifecycle.conftest import START

pytestmark = pytest.mark.uncommitted

TICK = timedelta(microseconds=1)
#: Leads 1 and 2 became MQL together, by 30 points of fit, 40 of behaviour, and 70 in all.
MERGED = [1, 2]
THRESHOLDS = {"since": None, "fit": 30, "behaviour": 40, "total": 70, "again_behaviour": 20}


@dataclass
class Split:
    connection: Connection

    def mql(self, lead: int = 1, merged: dict[str, Any] | None = None, *, stage: str = "mql") -> None:
        """Record a stage; `merged` are leads and thresholds that differ, None: the lead reached it alone."""
        differs = merged or {}
        thresholds = {name: differs.get(name, value) for name, value in THRESHOLDS.items()}
        joined = {"leads": differs.get("leads", MERGED)}
        evidence = {"thresholds": thresholds} | ({"merged": joined} if merged is not None else {})
        self.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " values (%s, 1, %s, %s, %s, %s, 'v')",
            [lead, stage, START, START, Jsonb(evidence)],
        )

    def points(
        self, points: int, dimension: str, *, after: timedelta = -TICK, lead: int = 1, kind: str = "rule"
    ) -> None:
        at = START + after
        self.connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (%s, %s, %s, %s, '', %s, %s, 0, '')",
            [lead, points, dimension, kind, at, at],
        )

    def remove(self, *leads: int) -> bool:
        """Return whether the MQL of lead 1 was removed."""
        queries.run(self.connection, "remove_merged_mqls", leads=list(leads) or [1, 2])
        found = self.connection.execute("select 1 from lifecycle.transitions where lead_id = 1").fetchall()
        return not found


@pytest.fixture
def split(connection: Connection) -> Split:
    return Split(connection)


@pytest.mark.parametrize(
    ("fit", "behaviour", "total", "is_removed"),
    [
        (30, 40, 70, False),
        (29, 41, 70, True),
        (31, 39, 70, True),
        (30, 40, 71, True),
        (30, 40, None, False),
        (0, 0, None, True),
    ],
)
def test_an_mql_that_the_lead_would_not_be_alone_is_removed(
    split: Split, fit: int, behaviour: int, total: int | None, is_removed: bool
) -> None:
    split.mql(merged={"total": total})
    for points, dimension in ((fit, "fit"), (behaviour, "behaviour")):
        if points:
            split.points(points, dimension)
    split.points(99, "fit", lead=2)
    assert split.remove() is is_removed


def test_points_of_the_model_count_for_the_total(split: Split) -> None:
    split.mql(merged={"total": 75})
    for points, dimension in ((30, "fit"), (40, "behaviour"), (5, "model")):
        split.points(points, dimension)
    assert not split.remove()


@pytest.mark.parametrize(("after", "is_removed"), [(timedelta(0), False), (TICK, True)])
def test_points_up_to_the_mql_count(split: Split, after: timedelta, is_removed: bool) -> None:
    split.mql(merged={})
    split.points(30, "fit", after=after)
    split.points(40, "behaviour")
    assert split.remove() is is_removed


def test_decay_takes_no_mql_back(split: Split) -> None:
    split.mql(merged={})
    split.points(30, "fit")
    split.points(40, "behaviour")
    split.points(-10, "behaviour", kind="decay")
    assert not split.remove()
    split.points(-10, "behaviour", kind="correction")
    assert split.remove()


@pytest.mark.parametrize(
    ("points", "ahead", "is_removed"),
    [(20, TICK, False), (19, TICK, True), (20, timedelta(0), True)],
)
def test_after_a_cycle_behaviour_counts_from_its_end_on(
    split: Split, points: int, ahead: timedelta, is_removed: bool
) -> None:
    since = timedelta(days=-5)
    split.mql(merged={"since": (START + since).isoformat()})
    split.points(30, "fit", after=timedelta(days=-9))
    split.points(40, "behaviour", after=timedelta(days=-9))
    split.points(points, "behaviour", after=since + ahead)
    split.points(20, "fit", after=since + TICK)
    assert split.remove() is is_removed


def join(split: Split, *leads: int) -> None:
    for lead in leads:
        split.connection.execute("insert into identity.people values (%s, %s)", [lead, leads[0]])


def test_an_mql_of_leads_that_are_still_together_stays(split: Split) -> None:
    split.mql(merged={})
    join(split, 1, 2)
    assert not split.remove()


def test_one_of_several_that_left_is_enough(split: Split) -> None:
    split.mql(merged={"leads": [1, 2, 3]})
    join(split, 1, 2)
    assert split.remove()


def test_an_mql_that_a_lead_reached_alone_stays(split: Split) -> None:
    split.mql()
    assert not split.remove()


def test_only_mqls_of_the_leads_that_were_asked_for_are_removed(split: Split) -> None:
    split.mql(merged={})
    assert not split.remove(2)
    assert split.remove(1)


@pytest.mark.parametrize(
    ("crm_lead", "after", "is_removed"),
    [("L-1", timedelta(0), False), ("L-1", -TICK, True), ("L-2", timedelta(0), True)],
)
def test_an_mql_that_sales_worked_on_stays(
    split: Split, crm_lead: str, after: timedelta, is_removed: bool
) -> None:
    split.mql(merged={})
    split.connection.execute("insert into lifecycle.links values ('L-1', 1, %s)", [START])
    split.connection.execute(
        "insert into crm.activities values ('a', %s, 'call', null, 'rep-1', %s, '{}', %s, 'call')",
        [crm_lead, START + after, START + after],
    )
    assert split.remove() is is_removed


@pytest.mark.parametrize(
    ("stage", "merged", "waits"), [("mql", {}, True), ("mql", None, False), ("sal", {}, False)]
)
def test_a_lead_whose_mql_is_in_doubt_waits_for_its_points(
    split: Split, stage: str, merged: dict[str, Any] | None, waits: bool
) -> None:
    split.mql(merged=merged, stage=stage)
    split.connection.execute("insert into lifecycle.merge_changes (lead_id) values (1), (2)")
    split.connection.execute("insert into scoring.inbox (lead_id, lane) values (1, %s)", [Lane.LIVE])
    assert queries.values(split.connection, "take_merge_changes") == ([2] if waits else [1, 2])
    split.connection.execute("truncate scoring.inbox")
    assert queries.values(split.connection, "take_merge_changes") == ([1] if waits else [])


def test_all_leads_of_the_person_are_looked_at(split: Split) -> None:
    join(split, 3, 5, 8)
    join(split, 4, 6)
    split.connection.execute("insert into lifecycle.merge_changes (lead_id) values (8), (1)")
    assert queries.values(split.connection, "take_merge_changes") == [1, 3, 5, 8]
