"""What imported stages become, and when the activities of sales are read again."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadops.lifecycle.import_stages import import_stages
from leadops.lifecycle.imported_cycles import ImportedStage
from tests.lifecycle.conftest import START, Company


def stage(lead: int, name: str, day: float, **values: Any) -> ImportedStage:
    return ImportedStage(lead, name, START + timedelta(days=day), evidence={"imported": "f"}, **values)


def bring(company: Company, *stages: ImportedStage) -> list[bool]:
    return import_stages(company.connection, stages, contract=company.contract, now=START)


def reached(company: Company) -> list[tuple[Any, ...]]:
    """Return cycle, stage and day of each stage."""
    rows = company.connection.execute(
        "select cycle, stage, occurred_at from lifecycle.transitions order by cycle, occurred_at, stage"
    ).fetchall()
    return [(cycle, name, (at - START) / timedelta(days=1)) for cycle, name, at in rows]


def unread(company: Company) -> list[str]:
    """Return the activities that are to be read, and forget them."""
    rows = company.connection.execute("select activity_id from lifecycle.inbox order by 1").fetchall()
    company.connection.execute("truncate lifecycle.inbox")
    return [activity_id for (activity_id,) in rows]


@pytest.fixture
def lead(company: Company) -> int:
    """A lead that the CRM knows, with one activity on day 4 that was read."""
    lead = company.lead()
    company.connection.execute("insert into lifecycle.links values ('L-1', %s, %s)", [lead, START])
    company.activity("call", "L-1", "call", START + timedelta(days=4))
    unread(company)
    return lead


def test_a_stage_is_new_once(company: Company, lead: int) -> None:
    mql, sal = stage(lead, "mql", 1), stage(lead, "sal", 2)
    assert bring(company, mql, mql, sal) == [True, False, True]
    assert bring(company, mql, sal) == [False, False]
    assert reached(company) == [(1, "mql", 1), (1, "sal", 2)]


@pytest.mark.parametrize("name", ["mql", "sal"])
def test_an_earlier_one_of_the_cycle_takes_its_place(company: Company, lead: int, name: str) -> None:
    bring(company, stage(lead, name, 5))
    bring(company, stage(lead, name, 3))
    assert reached(company) == [(1, name, 3)]
    bring(company, stage(lead, name, 7))
    assert reached(company) == [(1, name, 3)]


def test_an_end_that_comes_to_light_moves_what_followed_it(company: Company, lead: int) -> None:
    bring(company, stage(lead, "mql", 1), stage(lead, "mql", 9), stage(lead, "won", 12))
    assert reached(company) == [(1, "mql", 1), (1, "won", 12)]
    bring(company, stage(lead, "lost", 5))
    assert reached(company) == [(1, "mql", 1), (1, "lost", 5), (2, "mql", 9), (2, "won", 12)]


def test_activities_are_read_again_where_an_mql_came_or_moved(company: Company, lead: int) -> None:
    bring(company, stage(lead, "mql", 3))
    assert unread(company) == ["call"]
    bring(company, stage(lead, "mql", 3), stage(lead, "sal", 5))
    assert unread(company) == []
    bring(company, stage(lead, "mql", 2))
    assert unread(company) == ["call"]


def test_an_mql_within_a_live_cycle_moves_nothing(company: Company, lead: int) -> None:
    company.points(lead, START, fit=30, behaviour=50)
    assert company.qualify(START).mql == 1
    unread(company)
    bring(company, stage(lead, "mql", 2), stage(lead, "sql", 6))
    assert unread(company) == []
    assert reached(company) == [(1, "mql", 0), (1, "sql", 6)]


def test_facts_of_a_cycle_whose_mql_moved_are_found_again(company: Company, lead: int) -> None:
    bring(company, stage(lead, "mql", 3))
    company.qualify(START + timedelta(days=5))
    facts = "select fact, occurred_at from lifecycle.facts"
    found = [("contact", START + timedelta(days=4))]
    assert company.connection.execute(facts).fetchall() == found
    bring(company, stage(lead, "mql", 2))
    assert company.connection.execute(facts).fetchall() == []
    company.qualify(START + timedelta(days=5))
    assert company.connection.execute(facts).fetchall() == found


@pytest.mark.parametrize("is_turned", [False, True])
def test_of_two_versions_of_a_stage_the_same_one_stays(company: Company, lead: int, is_turned: bool) -> None:
    """One that has a value comes before one that has none, then the smaller value."""
    versions = [
        stage(lead, "won", 5, value=value, campaign=campaign)
        for value, campaign in ((None, "a"), (Decimal(7), "b"), (Decimal(5), "d"), (Decimal(5), "c"))
    ]
    for version in reversed(versions) if is_turned else versions:
        bring(company, version)
    kept = "select value, campaign from lifecycle.imported"
    assert company.connection.execute(kept).fetchall() == [(Decimal(5), "c")]
    shown = "select value, campaign from lifecycle.transitions"
    assert company.connection.execute(shown).fetchall() == [(Decimal(5), "c")]


def test_what_leadops_recorded_itself_stays_unless_the_export_has_an_earlier_time(
    company: Company, lead: int
) -> None:
    company.points(lead, START, fit=30, behaviour=50)
    company.qualify(START)
    company.activity("won", "L-1", "status", START + timedelta(days=6), status="won")
    company.qualify(START + timedelta(days=7))
    assert reached(company) == [(1, "mql", 0), (1, "won", 6)]
    bring(company, stage(lead, "won", 8))
    assert reached(company) == [(1, "mql", 0), (1, "won", 6)]
    bring(company, stage(lead, "won", 5))
    assert reached(company) == [(1, "mql", 0), (1, "won", 5)]


@pytest.mark.parametrize(("day", "is_imported"), [(5.001, True), (5, True), (4.999, False)])
def test_an_imported_stage_stays_unless_sales_reached_it_earlier(
    company: Company, lead: int, day: float, is_imported: bool
) -> None:
    bring(company, stage(lead, "mql", 1), stage(lead, "won", 5))
    company.activity("won", "L-1", "status", START + timedelta(days=day), status="won")
    company.qualify(START + timedelta(days=7))
    found = company.connection.execute(
        "select occurred_at, evidence ? 'imported' from lifecycle.transitions where stage = 'won'"
    ).fetchone()
    assert found == (START + timedelta(days=min(day, 5)), is_imported)


def test_the_cycles_of_a_merged_lead_are_numbered_again_and_of_no_other(company: Company, lead: int) -> None:
    other = company.lead("alone@example.com")
    company.connection.execute(
        "insert into identity.people values (%(lead)s, %(lead)s), (98, %(lead)s), (99, 99)", {"lead": lead}
    )
    company.connection.execute("truncate lifecycle.merge_changes")
    bring(company, stage(lead, "mql", 1), stage(other, "mql", 1))
    changed = "select lead_id from lifecycle.merge_changes"
    assert company.connection.execute(changed).fetchall() == [(lead,)]
    company.connection.execute("truncate lifecycle.merge_changes")
    bring(company, stage(lead, "mql", 1))
    assert company.connection.execute(changed).fetchall() == [], "nothing is new"
