"""Stages follow the person when leads are joined, and go back when they are split."""

from typing import Any

from leadops.lifecycle.follow_merges import list_merged_cycles
from leadops.lifecycle.import_stages import import_stages
from leadops.lifecycle.imported_cycles import ImportedStage
from leadops.lifecycle.publish import publish_merges
from leadops.subscribers import SUBSCRIBERS
from tests.lifecycle.conftest import START, Company


def group(company: Company, *leads: int, joined: bool = True) -> None:
    """Join `leads` to the first, or split them, as identity does."""
    company.connection.execute("delete from identity.people where lead_id = any(%s)", [list(leads)])
    for lead in leads:
        if joined:
            company.connection.execute("insert into identity.people values (%s, %s)", [lead, leads[0]])
        company.connection.execute("insert into lifecycle.merge_changes (lead_id) values (%s)", [lead])


def stages(company: Company) -> list[tuple[Any, ...]]:
    return company.connection.execute(
        "select lead_id, cycle, stage, occurred_at, recorded_at from lifecycle.current_transitions"
        " order by 1, 2, 4"
    ).fetchall()


def test_activities_on_either_crm_lead_count_and_a_split_takes_them_back(
    company: Company, after: Any
) -> None:
    older = company.mql(after(10), "older@example.com", "L-1")
    younger = company.mql(START, "younger@example.com", "L-2")
    company.activity("took", "L-1", "status", after(20), status="taken")
    company.qualify(after(21))
    before = stages(company)
    company.activity("called", "L-2", "call", after(30))
    company.qualify(after(31))
    assert [row[2] for row in stages(company)] == ["mql", "mql"]
    group(company, older, younger)
    assert company.qualify(after(40)).sal == 1
    assert [row[:4] for row in stages(company)] == [
        (older, 1, "mql", START),
        (older, 1, "sal", after(30)),
    ]
    company.activity("signed", "L-2", "status", after(50), status="won")
    company.qualify(after(51))
    assert stages(company)[-1][:4] == (older, 1, "won", after(50))
    woken = company.connection.execute(
        "select lead_id from sla.inbox where has_new_person union all"
        " select lead_id from routing.inbox where why = 'merge' order by 1"
    ).fetchall()
    assert woken == [(older,), (older,), (younger,), (younger,)]
    group(company, older, younger, joined=False)
    company.qualify(after(60))
    assert [row for row in stages(company) if row[2] == "mql"] == before
    assert [row[:3] for row in stages(company)][-1] == (younger, 1, "won")


def test_what_comes_out_as_before_was_known_as_early_as_before(company: Company, after: Any) -> None:
    older = company.mql(START, "older@example.com", "L-1")
    younger = company.lead("younger@example.com")
    company.activity("took", "L-1", "status", after(20), status="taken")
    company.activity("called", "L-1", "call", after(25))
    company.qualify(after(30))
    before = stages(company)
    assert len(before) == 2
    for joined in (True, False):
        group(company, older, younger, joined=joined)
        company.qualify(after(40))
        assert stages(company) == before


def test_a_person_is_mql_once_and_in_the_crm_once(company: Company, after: Any) -> None:
    older = company.lead("older@example.com")
    younger = company.mql(START, "younger@example.com", "L-2")
    group(company, older, younger)
    company.points(older, after(10), fit=30, behaviour=50)
    assert company.qualify(after(10)).mql == 0
    company.activity("signed", "L-2", "status", after(20), status="won")
    company.qualify(after(21))
    company.points(older, after(30), behaviour=30)
    assert company.qualify(after(31)).mql == 1
    assert stages(company)[-1][:3] == (older, 2, "mql")
    assert [row[0] for row in company.wanted(older)] == [f"crm-lead-{older}-2"]


def test_many_joins_at_once_are_no_more_work_each_than_one(company: Company, after: Any) -> None:
    several = 6_000
    company.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) select lead, 1, 'mql', %(t)s, %(t)s, '{}', 'v' from generate_series(1, %(n)s) as lead",
        {"t": START, "n": several},
    )
    leads = list(range(1, several + 1))
    company.connection.execute("set local statement_timeout = '2s'")
    cycles = list_merged_cycles(company.connection, leads, numbers=[1])
    publish_merges(company.connection, SUBSCRIBERS, cycles, now=START)
    woken = company.connection.execute("select count(*), count(distinct lead_id) from routing.inbox")
    assert woken.fetchall() == [(several, several)]


def test_a_story_that_began_after_the_other_had_ended_is_the_next_cycle(company: Company, after: Any) -> None:
    older = company.mql(START, "older@example.com", "L-1")
    company.activity("lost it", "L-1", "status", after(10), status="lost")
    company.qualify(after(11))
    younger = company.mql(after(20), "younger@example.com", "L-2")
    company.activity("took", "L-2", "status", after(30), status="taken")
    company.activity("called", "L-2", "call", after(31))
    company.qualify(after(32))
    before = stages(company)
    group(company, older, younger)
    company.qualify(after(40))
    assert [row[:4] for row in stages(company)] == [
        (older, 1, "mql", START),
        (older, 1, "lost", after(10)),
        (older, 2, "mql", after(20)),
        (older, 2, "sal", after(31)),
    ]
    # Whatever the CRM lead under which they sign, it is the open deal that is won.
    company.activity("signed", "L-1", "status", after(50), status="won")
    company.qualify(after(51))
    assert stages(company)[-1][:4] == (older, 2, "won", after(50))
    company.points(older, after(60), behaviour=30)
    assert company.qualify(after(61)).mql == 1
    assert stages(company)[-1][:3] == (older, 3, "mql")
    group(company, older, younger, joined=False)
    company.qualify(after(70))
    left = [row for row in stages(company) if row[3] < after(50)]
    assert [row[:4] for row in left] == [row[:4] for row in before]


def test_a_younger_leads_story_may_come_before(company: Company, after: Any) -> None:
    older = company.lead("older@example.com")
    younger = company.mql(START, "younger@example.com", "L-2")
    company.activity("lost it", "L-2", "status", after(10), status="lost")
    company.qualify(after(11))
    company.points(older, after(20), fit=30, behaviour=50)
    company.qualify(after(20))
    company.crm_id(older, "L-1")
    company.activity("called", "L-1", "call", after(25))
    company.qualify(after(26))
    before = stages(company)
    group(company, older, younger)
    company.qualify(after(40))
    assert [row[:4] for row in stages(company)] == [
        (older, 1, "mql", START),
        (older, 1, "lost", after(10)),
        (older, 2, "mql", after(20)),
    ]
    facts = "select cycle, fact, occurred_at from lifecycle.facts order by 1"
    assert company.connection.execute(facts.encode()).fetchall() == [
        (1, "lost", after(10)),
        (2, "contact", after(25)),
    ]
    group(company, older, younger, joined=False)
    company.qualify(after(50))
    assert stages(company) == before


def test_an_mql_of_both_together_goes_with_a_split(company: Company, after: Any) -> None:
    older, younger = company.lead("older@example.com"), company.lead("younger@example.com")
    company.points(older, START, fit=30, behaviour=30)
    group(company, older, younger)
    company.points(older, after(10), behaviour=20, rule="of the younger")
    assert company.qualify(after(10)).mql == 1
    company.points(older, after(10), behaviour=-20, rule="of the younger")
    group(company, older, younger, joined=False)
    company.qualify(after(20))
    assert stages(company) == []


def test_an_mql_of_its_own_or_that_sales_work_on_stays(company: Company, after: Any) -> None:
    older, younger = company.lead("older@example.com"), company.lead("younger@example.com")
    third = company.lead("third@example.com")
    company.points(older, START, fit=30, behaviour=30)
    group(company, older, younger)
    company.points(older, after(5), behaviour=20)
    company.points(third, after(5), fit=30, behaviour=50)
    assert company.qualify(after(10)).mql == 2
    group(company, older, younger, joined=False)
    company.qualify(after(20))
    assert [row[:3] for row in stages(company)] == [(older, 1, "mql"), (third, 1, "mql")]

    fourth, fifth = company.lead("fourth@example.com"), company.lead("fifth@example.com")
    group(company, fourth, fifth)
    company.points(fourth, after(30), fit=30, behaviour=50)
    company.qualify(after(30))
    company.crm_id(fourth, "L-4")
    company.activity("called", "L-4", "call", after(35))
    company.qualify(after(36))
    company.points(fourth, after(30), behaviour=-50)
    group(company, fourth, fifth, joined=False)
    company.qualify(after(40))
    assert (fourth, 1, "mql") in [row[:3] for row in stages(company)]


def test_a_split_waits_until_the_points_are_corrected(company: Company, after: Any) -> None:
    older, younger = company.lead("older@example.com"), company.lead("younger@example.com")
    group(company, older, younger)
    company.points(older, START, fit=30, behaviour=50)
    company.qualify(START)
    group(company, older, younger, joined=False)
    company.connection.execute("insert into scoring.inbox (lead_id, lane) values (%s, 0)", [older])
    company.qualify(after(5))
    assert len(stages(company)) == 1
    company.connection.execute("truncate scoring.inbox")
    company.points(older, START, behaviour=-50)
    company.qualify(after(6))
    assert stages(company) == []


def test_an_imported_past_of_a_joined_lead_comes_before(company: Company, after: Any) -> None:
    older, younger = company.mql(START, "older@example.com", "L-1"), company.lead("younger@example.com")
    company.activity("called", "L-1", "call", after(5))
    group(company, older, younger)
    company.qualify(after(10))
    assert [row[:3] for row in stages(company)] == [(older, 1, "mql")]
    company.connection.execute(
        "update identity.leads set created_at = %s where lead_id = %s", [after(-90), younger]
    )
    told: Any = {"evidence": {"imported": "deals.csv"}}
    past = [
        ImportedStage(younger, "mql", after(-60), **told),
        ImportedStage(younger, "lost", after(-30), **told),
    ]
    import_stages(company.connection, past, contract=company.contract, now=after(15))
    company.qualify(after(20))
    assert [row[:4] for row in stages(company)] == [
        (older, 1, "mql", after(-60)),
        (older, 1, "lost", after(-30)),
        (older, 2, "mql", START),
    ]
    facts = company.connection.execute("select lead_id, cycle, fact from lifecycle.facts").fetchall()
    assert facts == [(older, 2, "contact")]
