"""Who becomes MQL, at each bound, by the shipped contract: fit 30, behaviour 40, 40 again after a cycle."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.lifecycle.decide_mqls import describe_thresholds, find_rule
from leadops.lifecycle.kpi_contract import KpiVersion
from tests.lifecycle.conftest import START, Company
from tests.shipped import SHIPPED


@pytest.fixture
def version() -> KpiVersion:
    return SHIPPED.kpi.active_version(START)


def with_rule(company: Company, **changes: Any) -> None:
    """Let the contract's newest version ask for this much."""
    versions = [
        version.model_copy(update={"mql": version.mql.model_copy(update=changes)})
        for version in company.contract.versions
    ]
    company.contract = company.contract.model_copy(update={"versions": versions})


@pytest.mark.parametrize(
    ("fit", "behaviour", "total", "is_mql"),
    [
        (30, 40, None, True),
        (29, 41, None, False),
        (31, 39, None, False),
        (30, 40, 70, True),
        (30, 40, 71, False),
        (30, 41, 71, True),
    ],
)
def test_each_threshold_is_reached_at_its_value(
    company: Company, fit: int, behaviour: int, total: int | None, is_mql: bool
) -> None:
    with_rule(company, fit=30, behaviour=40, total=total)
    lead = company.lead()
    company.points(lead, START, fit=fit, behaviour=behaviour)
    assert company.qualify(START).mql == int(is_mql)
    assert company.qualify(START).mql == 0, "a second run finds nothing new"


def test_the_evidence_names_the_points_and_the_best_rules(company: Company) -> None:
    with_rule(company, fit=10, behaviour=10, total=None, reasons=2)
    lead = company.lead()
    for rule, points in (("small", 5), ("b", 20), ("a", 20), ("bad", -4)):
        company.points(lead, START, behaviour=points, rule=rule)
    company.points(lead, START, fit=10, rule="fit")
    assert company.qualify(START).mql == 1
    evidence = company.evidence(lead)
    assert evidence["reasons"] == [{"rule": "a", "points": 20}, {"rule": "b", "points": 20}]
    assert (evidence["fit"], evidence["behaviour"], evidence["total"]) == (10, 41, 51)
    assert (evidence["rule_set_id"], evidence["backfill"]) == (7, False)


def test_of_a_person_only_the_oldest_lead_passes(company: Company) -> None:
    with_rule(company, fit=30, behaviour=40, total=None)
    older, younger = company.lead("a@example.com"), company.lead("b@example.com")
    for lead in (older, younger):
        company.points(lead, START, fit=30, behaviour=40)
    company.connection.execute(
        "insert into identity.people values (%s, %s), (%s, %s)", [older, older, younger, older]
    )
    assert company.qualify(START).mql == 1
    assert (set(company.stages(older)), set(company.stages(younger))) == ({"mql"}, set())
    assert company.evidence(older)["merged"]["leads"] == [older, younger]


@pytest.mark.parametrize(("minute", "is_before"), [(0, True), (1, False)])
def test_the_daily_total_is_active_from_its_minute(
    company: Company, version: KpiVersion, minute: int, is_before: bool
) -> None:
    company.connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, value, effective_at, proposed_at, decided_by,"
        " reason, plan, facts, hash)"
        " values ('2026-05-31', %s, 88, %s, %s, 'automatic', '', 'apply', '{}', 'h')",
        [version.version, START + timedelta(minutes=1), START],
    )
    rule = find_rule(company.connection, version, now=START + timedelta(minutes=minute))
    assert rule.total == (version.mql.total if is_before else 88)
    other = version.model_copy(update={"version": "another"})
    assert find_rule(company.connection, other, now=START + timedelta(minutes=2)) == version.mql


def test_the_text_of_the_thresholds_changes_with_each_of_them(version: KpiVersion) -> None:
    rule = version.mql.model_copy(update={"fit": 1, "behaviour": 2, "again_behaviour": 3, "total": None})
    assert describe_thresholds(version, rule) == f"{version.version} 1 2 3"
    assert describe_thresholds(version, rule.model_copy(update={"total": 0})) == f"{version.version} 1 2 3 0"


@pytest.mark.parametrize(("hours", "is_backfill"), [(23, False), (24, True)])
def test_a_lead_that_passes_by_the_model_is_news_if_it_earned_points_that_day(
    company: Company, hours: float, is_backfill: bool
) -> None:
    with_rule(company, fit=30, behaviour=40, total=75)
    lead = company.lead()
    company.points(lead, START, fit=30, behaviour=40)
    assert company.qualify(START).mql == 0
    now = START + timedelta(hours=hours)
    company.connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (%s, 5, 'model', 'model', 'model', %s, %s, 1, '')",
        [lead, now, now],
    )
    company.connection.execute("update scoring.scores set model = 5 where lead_id = %s", [lead])
    assert company.qualify(now).mql == 1
    assert company.evidence(lead)["backfill"] is is_backfill


def test_in_a_later_cycle_points_since_the_last_run_are_news_however_late_it_comes(company: Company) -> None:
    lead = company.mql()
    company.activity("lost", "L-1", "status", START + timedelta(hours=1), status="lost")
    company.qualify(START + timedelta(hours=2))
    company.points(lead, START + timedelta(hours=3), behaviour=40)
    assert company.qualify(START + timedelta(days=4)).mql == 1
    assert company.evidence(lead, cycle=2)["backfill"] is False


def test_a_lead_of_whom_there_are_only_claims_keeps_no_other_from_passing(company: Company) -> None:
    with_rule(company, fit=30, behaviour=40, total=None, claims=False)
    claimed, proven = company.lead("a@example.com"), company.lead("b@example.com")
    company.connection.execute("update identity.leads set only_claimed = true where lead_id = %s", [claimed])
    for lead in (claimed, proven):
        company.points(lead, START, fit=30, behaviour=40)
    assert company.qualify(START).mql == 1
    assert (set(company.stages(claimed)), set(company.stages(proven))) == (set(), {"mql"})
