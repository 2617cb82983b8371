from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from typing import Any

import pytest

from leadops.db import Connection, connect
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.qualify import qualify_leads
from leadops.subscribers import SUBSCRIBERS

After = Callable[[float], datetime]


def lowered(contract: KpiContract, *, behaviour: int, since: date) -> KpiContract:
    """The contract with one more version that asks for less behaviour."""
    first = contract.versions[0]
    rule = first.mql.model_copy(update={"behaviour": behaviour})
    second = first.model_copy(update={"version": "2026-Q3", "effective_from": since, "mql": rule})
    return contract.model_copy(update={"versions": [first, second]})


@pytest.mark.parametrize(
    ("fit", "behaviour", "is_mql"), [(20, 40, 1), (19, 400, 0), (400, 39, 0), (0, 100, 0), (150, 250, 1)]
)
def test_both_thresholds_must_be_reached(
    company: Any, after: After, fit: int, behaviour: int, is_mql: int
) -> None:
    company.points(company.lead(), after(0), fit=fit, behaviour=behaviour)
    assert company.qualify(after(1)).mql == is_mql


def test_an_mql_comes_once_with_its_evidence_and_one_task_for_the_crm(company: Any, after: After) -> None:
    lead = company.lead()
    company.connection.execute(
        "insert into identity.traits values (%s, 'company', '\"Example\"', now(), 'e1')", [lead]
    )
    company.visit(lead, after(-60), "spring")
    company.visit(lead, after(-30), "summer")
    company.visit(lead, after(-10))
    company.visit(lead, after(+90), "of tomorrow, by a wrong clock")
    company.points(lead, after(0), fit=25, rule="industry")
    company.points(lead, after(0), behaviour=10, rule="search_brand")
    company.points(lead, after(0), behaviour=35, rule="view_pricing")
    assert [company.qualify(after(1)).mql, company.qualify(after(2)).mql] == [1, 0]
    company.points(lead, after(3), behaviour=35)
    assert company.qualify(after(3)).mql == 0
    assert company.stages(lead) == {"mql": after(1)}
    evidence = company.evidence(lead)
    assert evidence.pop("ledger_seq") == 3
    assert evidence.pop("thresholds") == {
        "fit": 20,
        "behaviour": 40,
        "total": None,
        "again_behaviour": 20,
        "since": None,
    }
    assert evidence == {
        "fit": 25,
        "behaviour": 45,
        "total": 70,
        "rule_set_id": 7,
        "kpi_version": "2026-Q1",
        "backfill": False,
        "reasons": [
            {"rule": "view_pricing", "points": 35},
            {"rule": "industry", "points": 25},
            {"rule": "search_brand", "points": 10},
        ],
        "campaign": "summer",
        "version": "2026-Q1",
    }
    [(key, target, operation, lane, payload)] = company.wanted(lead)
    assert (key, target, operation, lane) == (f"crm-lead-{lead}-1", "crm", "create_lead", 0)
    assert payload.pop("idempotency_key").endswith(f"-{key}"), "unique over all databases on one CRM"
    assert payload == {"email": "taro@example.com", "company": "Example", "source": "summer"}


def test_two_runs_at_once_make_one_mql_each(company: Any, after: After, database_url: str) -> None:
    leads = [company.lead(f"{n}@example.com") for n in range(20)]
    for lead in leads:
        company.points(lead, after(0), fit=30, behaviour=50)
    company.connection.commit()

    def run(_: int) -> int:
        with connect(database_url) as own:
            return qualify_leads(
                own,
                contract=company.contract,
                subscribers=SUBSCRIBERS,
                fold_case=True,
                now=after(1),
            ).mql

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(run, range(4))) == 20
    assert all(len(company.wanted(lead)) == 1 for lead in leads)


def test_a_run_that_fails_leaves_nothing_and_the_next_makes_it_good(
    company: Any, after: After, connection: Connection
) -> None:
    lead = company.lead()
    company.points(lead, after(0), fit=30, behaviour=50)
    connection.execute("alter table delivery.outbox add constraint refuse check (target <> 'crm')")
    connection.commit()
    with pytest.raises(Exception, match="refuse"):
        company.qualify(after(1))
    connection.rollback()
    connection.execute("alter table delivery.outbox drop constraint refuse")
    assert company.stages(lead) == {}
    assert company.qualify(after(2)).mql == 1


def test_a_lost_lead_qualifies_again_only_by_new_behaviour(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    company.activity("a", "L-1", "status", after(10), status="lost")
    assert company.qualify(after(11)).lost == 1
    company.points(lead, after(12), fit=50)
    company.points(lead, after(9), behaviour=60)  # happened before the end, learned after it
    company.points(lead, after(13), behaviour=19)
    assert company.qualify(after(14)).mql == 0
    company.points(lead, after(15), behaviour=1)
    assert [company.qualify(after(16)).mql, company.qualify(after(17)).mql] == [1, 0]
    assert company.stages(lead, cycle=2) == {"mql": after(16)}
    assert [row[0] for row in company.wanted(lead)] == [f"crm-lead-{lead}-1", f"crm-lead-{lead}-2"]


def test_an_end_that_is_learned_late_still_opens_the_next_cycle(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    company.points(lead, after(20), behaviour=30)
    assert company.qualify(after(21)).mql == 0
    company.activity("a", "L-1", "status", after(10), status="lost", recorded_at=after(30))
    found = company.qualify(after(30))
    assert (found.lost, found.mql) == (1, 1)
    assert company.evidence(lead, cycle=2)["backfill"] is False


def test_each_activity_belongs_to_the_cycle_of_its_time(company: Any, after: After) -> None:
    lead = company.mql(after(0))
    company.activity("a", "L-1", "status", after(10), status="lost")
    company.points(lead, after(20), behaviour=30)
    assert company.qualify(after(21)).mql == 1
    company.crm_id(lead, "L-2")
    company.activity("late", "L-1", "call", after(5), recorded_at=after(40))
    company.activity("b", "L-1", "status", after(6), status="taken", recorded_at=after(40))
    company.activity("c", "L-2", "status", after(30), status="won")
    found = company.qualify(after(40))
    assert (found.sal, found.won) == (1, 1)
    assert company.stages(lead) == {"mql": after(0), "sal": after(6), "lost": after(10)}
    assert company.stages(lead, cycle=2) == {"mql": after(21), "won": after(30)}


@pytest.mark.parametrize(
    ("lanes", "is_backfill"), [([1], True), ([0], False), ([1, 0], False), ([None], True)]
)
def test_points_of_a_backfill_alone_make_a_quiet_mql(
    company: Any, after: After, lanes: list[int | None], is_backfill: bool
) -> None:
    lead = company.lead()
    for lane in lanes:
        company.points(lead, after(0), fit=30, behaviour=50, lane=lane)
    company.qualify(after(1))
    assert company.evidence(lead)["backfill"] is is_backfill
    assert company.wanted(lead)[0][3] == int(is_backfill)


def test_history_makes_a_backfill_mql(company: Any, after: After) -> None:
    historic = company.lead("a@example.com")
    event = company.visit(historic, after(-90_000), history=True)
    company.points(historic, after(-90_000), fit=30, behaviour=50, event=event, live=False)
    company.qualify(after(1))
    assert company.evidence(historic)["backfill"] is True


def test_a_new_version_looks_at_all_leads_again_and_quietly(company: Any, after: After) -> None:
    lead, live = company.lead("a@example.com"), company.lead("b@example.com")
    company.points(lead, after(0), fit=30, behaviour=30)
    company.contract = lowered(company.contract, behaviour=30, since=date(2026, 7, 1))
    assert company.qualify(after(1)).mql == 0
    company.points(live, after(60_000), fit=30, behaviour=30)
    assert company.qualify(after(60_000)).mql == 2
    assert company.evidence(lead)["version"] == "2026-Q3"
    assert [company.evidence(each)["backfill"] for each in (lead, live)] == [True, False]
