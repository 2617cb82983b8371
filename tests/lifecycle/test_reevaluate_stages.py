"""A contract that changes, changes back or is corrected evaluates again what it decided, quietly."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from leadops.lifecycle.frozen_quarters import freeze_quarter
from leadops.lifecycle.import_stages import import_stages
from leadops.lifecycle.imported_cycles import ImportedStage
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from leadops.lifecycle.reevaluate_stages import list_contract_changes
from leadops.sla.watch_clocks import watch_clocks
from tests.shipped import SHIPPED, change

After = Callable[[float], datetime]
HOUR = 60


def adjust(contract: KpiContract = SHIPPED.kpi, **parts: Any) -> KpiContract:
    """Return the contract with other rules in its only version; sections are merged."""
    version = contract.versions[0]
    sections = {
        name: getattr(version, name).model_dump() | value if isinstance(value, dict) else value
        for name, value in parts.items()
    }
    return change(contract, versions=[version.model_dump() | sections])


def within(hours: float) -> KpiContract:
    return adjust(sal={"within_hours": hours})


def add_version(contract: KpiContract, since: date, **parts: Any) -> KpiContract:
    second = adjust(contract, **parts).versions[0].model_dump()
    second |= {"version": "next", "effective_from": since}
    return change(contract, versions=[contract.versions[0].model_dump(), second])


def called_after_three_hours(company: Any, after: After, lead: str = "1", at: float = 0) -> int:
    """Return an MQL that a rep took after one hour and called after three."""
    lead_id: int = company.mql(after(at), f"p{lead}@x.example", f"L-{lead}")
    company.activity(f"t{lead}", f"L-{lead}", "status", after(at + HOUR), status="taken")
    company.activity(f"c{lead}", f"L-{lead}", "call", after(at + 3 * HOUR))
    return lead_id


def listed(company: Any) -> list[tuple[list[str], int, int]]:
    return [
        (entry.changes, entry.evaluated, entry.moved) for entry in list_contract_changes(company.connection)
    ]


def test_a_sal_that_two_hours_missed_is_found_by_twenty_four_and_back(company: Any, after: After) -> None:
    company.contract = within(2)
    lead = called_after_three_hours(company, after)
    company.qualify(after(4 * HOUR))
    assert company.stages(lead) == {"mql": after(0)}

    company.contract = within(24)
    found = company.qualify(after(50 * HOUR))
    assert (found.sal, found.reevaluated, found.moved, found.waiting) == (0, 1, 1, 0)
    assert company.stages(lead) == {"mql": after(0), "sal": after(3 * HOUR)}
    assert company.evidence(lead, "sal")["activity_id"] == "c1"

    found = company.qualify(after(50 * HOUR))
    assert (found.reevaluated, found.moved) == (0, 0)

    company.contract = within(2)
    found = company.qualify(after(51 * HOUR))
    assert (found.reevaluated, found.moved) == (1, 1)
    assert company.stages(lead) == {"mql": after(0)}
    assert listed(company) == [
        (["2026-Q1, within_hours: 24.0 → 2.0"], 1, 1),
        (["2026-Q1, within_hours: 2.0 → 24.0"], 1, 1),
        ([], 0, 0),
    ]


@pytest.mark.parametrize(("hours", "is_sal"), [(2.99, False), (3, True), (3.01, True)])
def test_the_hours_count_up_to_and_including_the_limit(
    company: Any, after: After, hours: float, is_sal: bool
) -> None:
    company.contract = within(1)
    lead = called_after_three_hours(company, after)
    company.qualify(after(4 * HOUR))
    company.contract = within(hours)
    assert company.qualify(after(5 * HOUR)).moved == int(is_sal)
    assert ("sal" in company.stages(lead)) == is_sal


def test_a_contact_of_a_kind_that_counts_now_and_one_that_counts_no_more(company: Any, after: After) -> None:
    lead = company.mql()
    company.activity("t", "L-1", "status", after(1), status="taken")
    company.activity("m", "L-1", "mail", after(10))
    company.activity("c", "L-1", "call", after(20))
    company.qualify(after(30))
    assert company.stages(lead)["sal"] == after(10)
    company.contract = adjust(sal={"contact": ["call"]})
    assert company.qualify(after(40)).moved == 1
    assert company.stages(lead)["sal"] == after(20)
    company.contract = adjust(sal={"contact": ["visit"]})
    assert company.qualify(after(50)).moved == 1
    assert company.stages(lead) == {"mql": after(0)}
    company.contract = SHIPPED.kpi
    assert company.qualify(after(60)).moved == 1
    assert company.stages(lead)["sal"] == after(10)


def test_other_criteria_and_other_ends_move_sql_and_won(company: Any, after: After) -> None:
    lead = company.mql()
    company.activity("m", "L-1", "meeting", after(5), details={"need": True})
    company.activity("p", "L-1", "status", after(50), status="paid", details={"amount": "1.200"})
    company.qualify(after(60))
    assert company.stages(lead) == {"mql": after(0)}
    company.contract = adjust(sql={"at_least": 1}, won=["paid"])
    assert company.qualify(after(70)).moved == 1
    assert company.stages(lead) == {"mql": after(0), "sql": after(5), "won": after(50)}
    value = "select value from lifecycle.transitions where stage = 'won'"
    assert company.connection.execute(value).fetchall() == [(None,)]
    company.contract = change(company.contract, deal_value={"decimal": ","})
    assert company.qualify(after(80)).moved == 1
    assert company.connection.execute(value).fetchall() == [(Decimal(1200),)]


def test_only_leads_of_a_time_with_other_rules_are_evaluated_again(company: Any, after: After) -> None:
    """Tokyo's July begins 29 days and 5 hours after the start."""
    july = 29 * 24 * HOUR + 5 * HOUR
    called_after_three_hours(company, after, "june")
    at_the_turn = called_after_three_hours(company, after, "turn", july - 3 * HOUR)
    in_july = called_after_three_hours(company, after, "july", july)
    company.qualify(after(july + 4 * HOUR))
    company.contract = add_version(SHIPPED.kpi, date(2026, 7, 1), sal={"within_hours": 2})
    found = company.qualify(after(july + 5 * HOUR))
    assert (found.reevaluated, found.moved) == (2, 2)
    for lead in (at_the_turn, in_july):
        assert "sal" not in company.stages(lead), "the call was in July"
    assert company.qualify(after(july + 6 * HOUR)).reevaluated == 0


def test_a_change_that_is_taken_back_before_its_turn_costs_nothing(company: Any, after: After) -> None:
    for lead in "abc":
        called_after_three_hours(company, after, lead)
    company.qualify(after(4 * HOUR))
    company.contract = within(2)
    found = company.qualify(after(5 * HOUR), max_reevaluated=1)
    assert (found.reevaluated, found.moved, found.waiting) == (1, 1, 2)
    company.contract = SHIPPED.kpi
    found = company.qualify(after(6 * HOUR))
    assert (found.reevaluated, found.moved, found.waiting) == (1, 1, 0)
    assert all("sal" in company.stages(lead) for lead in (1, 2, 3))


def test_a_lead_that_waits_and_is_worked_on_is_evaluated_whole(company: Any, after: After) -> None:
    for lead in "abc":
        called_after_three_hours(company, after, lead)
    company.qualify(after(4 * HOUR))
    company.contract = within(2)
    company.activity("new", "L-c", "mail", after(4 * HOUR))
    found = company.qualify(after(5 * HOUR), max_reevaluated=0)
    assert (found.reevaluated, found.moved, found.waiting) == (1, 1, 2)
    assert ["sal" in company.stages(lead) for lead in (1, 2, 3)] == [True, True, False]


def test_a_frozen_quarter_keeps_what_it_froze_until_its_next_revision(company: Any, after: After) -> None:
    lead = called_after_three_hours(company, after)
    company.qualify(after(4 * HOUR))

    def freeze(reason: str | None = None) -> None:
        freeze_quarter(
            company.connection,
            contract=company.contract,
            company=SHIPPED.company,
            quarter=Quarter(2026, 2),
            now=after(5 * HOUR),
            reason=reason,
        )

    freeze()
    assert company.qualify(after(5 * HOUR)).reevaluated == 0, "it froze what was in force"
    company.contract = within(2)
    assert company.qualify(after(6 * HOUR)).reevaluated == 0
    late = called_after_three_hours(company, after, "late", 7 * HOUR)
    company.qualify(after(12 * HOUR))
    assert [company.stages(each).get("sal") for each in (lead, late)] == [after(3 * HOUR), after(10 * HOUR)]
    freeze("agreed on 1 June")
    found = company.qualify(after(13 * HOUR))
    assert (found.reevaluated, found.moved) == (2, 2)
    assert [company.stages(each).get("sal") for each in (lead, late)] == [None, None]


def test_an_imported_stage_that_an_earlier_one_had_replaced_comes_back(company: Any, after: After) -> None:
    lead = called_after_three_hours(company, after)
    stage = ImportedStage(lead, "sal", after(9 * HOUR), evidence={"imported": "deals.csv", "line": 2})
    import_stages(company.connection, [stage], contract=company.contract, now=after(10 * HOUR))
    company.connection.commit()
    company.qualify(after(10 * HOUR))
    assert company.stages(lead)["sal"] == after(3 * HOUR)
    company.contract = within(2)
    company.qualify(after(11 * HOUR))
    assert company.stages(lead)["sal"] == after(9 * HOUR)
    company.contract = SHIPPED.kpi
    company.qualify(after(12 * HOUR))
    assert company.stages(lead)["sal"] == after(3 * HOUR)


@pytest.mark.parametrize("is_found_late", [True, False])
def test_an_mql_that_follows_from_an_end_of_the_past_is_a_backfill_mql(
    company: Any, after: After, is_found_late: bool
) -> None:
    """It earned live points ten minutes ago; its cycle ended two hours ago, by the corrected contract."""
    company.contract = adjust(lost=["closed"]) if is_found_late else SHIPPED.kpi
    lead = company.mql()
    company.activity("l", "L-1", "status", after(HOUR), status="lost", recorded_at=after(3 * HOUR))
    company.points(lead, after(3 * HOUR - 10), behaviour=30)
    if is_found_late:
        assert company.qualify(after(3 * HOUR)).mql == 0
        company.contract = SHIPPED.kpi
    assert company.qualify(after(3 * HOUR)).mql == 1
    assert company.evidence(lead, cycle=2)["backfill"] is is_found_late


def watch(company: Any, now: datetime) -> dict[str, tuple[str, datetime | None]]:
    company.connection.execute(
        "insert into crm.feeds values ('activities', '', %(t)s, %(t)s)"
        " on conflict (feed) do update set as_of = excluded.as_of",
        {"t": now},
    )
    watch_clocks(company.connection, policy=SHIPPED.sla, now=now)
    company.connection.commit()
    rows = company.connection.execute(
        "select clock, state, stopped_at from sla.clocks where lead_id > 0 order by clock"
    ).fetchall()
    return {clock: (state, stopped_at) for clock, state, stopped_at in rows}


def test_a_clock_of_the_past_stays_and_one_not_due_yet_runs_on(company: Any, after: After) -> None:
    """By sla.yaml the first contact of an ordinary lead is due some hours before its SAL."""
    lead = company.mql()
    company.activity("t", "L-1", "status", after(1), status="taken")
    company.activity("m", "L-1", "mail", after(10))
    company.qualify(after(20))
    clocks = watch(company, after(20))
    assert clocks == {"first_contact": ("met", after(10)), "sal": ("met", after(10))}
    due = dict(
        company.connection.execute("select clock, due_at from sla.clocks where lead_id > 0").fetchall()
    )
    assert due["first_contact"] < due["sal"]
    company.contract = adjust(sal={"contact": ["call"]})
    now = due["first_contact"] + timedelta(minutes=1)
    assert company.qualify(now).moved == 1
    clocks = watch(company, now)
    assert clocks["first_contact"] == ("met", after(10)), "the past alarms nobody"
    assert clocks["sal"][0] in ("running", "at_risk")
    assert clocks["sal"][1] is None
    company.contract = SHIPPED.kpi
    company.qualify(now)
    assert watch(company, now)["sal"] == ("met", after(10))
    assert company.stages(lead)["sal"] == after(10)


def test_what_is_evaluated_again_wakes_nobody(company: Any, after: After) -> None:
    company.contract = within(2)
    called_after_three_hours(company, after)
    company.qualify(after(4 * HOUR))
    watch(company, after(4 * HOUR))

    def loud() -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = company.connection.execute(
            "select (select count(*) from sla.clocks where lead_id > 0),"
            " (select count(*) from routing.inbox), (select count(*) from routing.notices),"
            " (select count(*) from delivery.outbox),"
            " (select count(*) from sla.breaches where lead_id > 0 and state in ('at_risk', 'breached'))"
        ).fetchall()
        return rows

    before = loud()
    company.contract = within(24)
    assert company.qualify(after(50 * HOUR)).moved == 1
    watch(company, after(50 * HOUR))
    assert loud() == before
