"""When the cycles of merged leads begin and end: each condition alone, and each bound."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.person_cycles import CycleBound, queries, renumber_cycles
from tests.lifecycle.conftest import START

pytestmark = pytest.mark.uncommitted

TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
#: From the tenth day on, `signed` is a win, and `won` is none any more.
VERSIONS = Jsonb(
    [
        {
            "since": "-infinity",
            "until": (START + 10 * DAY).isoformat(),
            "won": ["won"],
            "lost": ["lost", "gone"],
        },
        {"since": (START + 10 * DAY).isoformat(), "until": "infinity", "won": ["signed"], "lost": ["lost"]},
    ]
)


@dataclass
class Person:
    """Leads 1 and 2 are person 1; the CRM knows lead 2 as L-2."""

    connection: Connection
    activities: int = 0

    def reach(self, lead: int, stage: str, days: float, *, cycle: int = 1, is_imported: bool = False) -> None:
        at = START + days * DAY
        evidence = Jsonb({"imported": "f"} if is_imported else {})
        self.connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " values (%s, %s, %s, %s, %s, %s, 'v')",
            [lead, cycle, stage, at, at, evidence],
        )

    def act(self, status: str, after: timedelta, *, kind: str = "status", crm_lead: str = "L-2") -> None:
        self.activities += 1
        at = START + after
        self.connection.execute(
            "insert into crm.activities values (%s, %s, %s, %s, 'rep-1', %s, '{}', %s, %s, %s)",
            [f"a{self.activities}", crm_lead, kind, status, at, at, kind, status],
        )

    def bounds(self, *, days: float = 30) -> list[tuple[float, str]]:
        """Return the day of each bound, with `end` or the lead and cycle that begin."""
        found = queries.all(
            self.connection,
            "list_bounds",
            CycleBound,
            leads=[1, 2],
            versions=VERSIONS,
            now=START + days * DAY,
        )
        assert {bound.person_id for bound in found} <= {1}
        return [
            ((bound.bound_at - START) / DAY, "end" if bound.is_end else f"{bound.lead_id}/{bound.cycle}")
            for bound in found
        ]


@pytest.fixture
def person(connection: Connection) -> Person:
    connection.execute("insert into identity.people values (1, 1), (2, 1), (7, 7), (8, 7)")
    connection.execute("insert into lifecycle.links values ('L-2', 2, %s), ('L-8', 8, %s)", [START, START])
    return Person(connection)


def test_a_cycle_begins_with_its_mql_else_with_its_first_stage(person: Person) -> None:
    person.reach(1, "sal", 1)
    person.reach(1, "mql", 3)
    person.reach(2, "sql", 5, cycle=2)
    person.reach(2, "sal", 4, cycle=2)
    person.reach(7, "mql", 2)
    assert person.bounds() == [(3, "1/1"), (4, "2/2")]


def test_an_end_of_an_export_counts_but_not_before_its_cycle_began(person: Person) -> None:
    person.reach(1, "mql", 3)
    person.reach(1, "lost", 6, is_imported=True)
    person.reach(1, "won", 5, is_imported=True)
    person.reach(2, "mql", 8)
    person.reach(2, "won", 7, is_imported=True)
    assert person.bounds() == [(3, "1/1"), (5, "end"), (8, "2/1"), (8, "end")]


def test_what_is_no_end_or_not_imported_ends_nothing(person: Person) -> None:
    person.reach(1, "mql", 3)
    person.reach(1, "sql", 5, is_imported=True)
    person.reach(1, "won", 6)  # of sales: their activity says it
    assert person.bounds() == [(3, "1/1")]


@pytest.mark.parametrize(
    ("status", "kind", "crm_lead", "is_end"),
    [
        ("won", "status", "L-2", True),
        ("gone", "status", "L-2", True),
        ("signed", "status", "L-2", False),
        ("won", "call", "L-2", False),
        ("won", "status", "L-8", False),
        ("won", "status", "L-unknown", False),
    ],
)
def test_a_status_of_sales_ends_a_cycle(
    person: Person, status: str, kind: str, crm_lead: str, is_end: bool
) -> None:
    person.act(status, 5 * DAY, kind=kind, crm_lead=crm_lead)
    assert person.bounds() == ([(5, "end")] if is_end else [])


def test_the_version_of_its_moment_says_what_an_end_is(person: Person) -> None:
    person.act("won", 10 * DAY - TICK)
    person.act("won", 10 * DAY)
    person.act("signed", 10 * DAY)
    person.act("signed", 10 * DAY - TICK)
    assert [kind for _, kind in person.bounds()] == ["end", "end"]
    assert [days for days, _ in person.bounds()] == [pytest.approx(10, abs=1e-9), 10]


def test_what_is_planned_ends_nothing_yet(person: Person) -> None:
    person.act("won", 5 * DAY)
    assert person.bounds(days=5) == [(5, "end")]
    assert person.bounds(days=5 - 1e-9) == []


def test_at_one_moment_a_beginning_comes_before_an_end_and_the_older_lead_first(person: Person) -> None:
    person.act("won", 5 * DAY)
    person.reach(2, "mql", 5)
    person.reach(1, "mql", 5, cycle=2)
    person.reach(1, "mql", 5)
    assert person.bounds() == [(5, "1/1"), (5, "1/2"), (5, "2/1"), (5, "end")]


def numbers(person: Person) -> list[tuple[Any, ...]]:
    return person.connection.execute("select * from lifecycle.person_cycles order by 1, 2").fetchall()


def test_numbers_are_replaced_for_these_leads_alone(person: Person) -> None:
    person.connection.execute(
        "insert into lifecycle.person_cycles values (1, 1, 4), (1, 5, 5), (2, 1, 3), (7, 1, 6)"
    )
    person.reach(1, "mql", 1)
    person.act("lost", 2 * DAY)
    person.reach(2, "mql", 3)
    used = renumber_cycles(person.connection, [1, 2], versions=VERSIONS, now=START + 30 * DAY)
    assert used == [1, 2, 3, 4, 5]
    assert numbers(person) == [(1, 1, 1), (2, 1, 2), (7, 1, 6)]
