"""The total from which on a lead is MQL: of kpi.yaml, or the one that the daily threshold chose."""

import pytest

from .conftest import START, Company


def decide(
    company: Company, value: int | None, at, *, day: str = "2026-05-31", version: str = "2026-Q1"
) -> None:
    company.connection.execute(
        "insert into lifecycle.thresholds (day, kpi_version, value, effective_at, proposed_at, decided_by,"
        " reason, plan, facts, hash) values (%s, %s, %s, %s, %s, 'automatic', '', 'apply', '{}', 'h')",
        [day, version, value, at, at],
    )


def with_total(company: Company, total: int | None) -> None:
    version = company.contract.versions[0]
    rule = version.mql.model_copy(update={"total": total})
    versions = [version.model_copy(update={"mql": rule})]
    company.contract = company.contract.model_copy(update={"versions": versions})


def test_without_a_total_fit_and_behaviour_decide(company: Company) -> None:
    company.points(company.lead(), START, fit=20, behaviour=40)
    assert company.qualify(START).mql == 1


@pytest.mark.parametrize(("total", "mqls"), [(60, 1), (61, 0)])
def test_a_total_of_the_contract_is_needed_too(company: Company, total: int, mqls: int) -> None:
    with_total(company, total)
    company.points(company.lead(), START, fit=20, behaviour=40)
    assert company.qualify(START).mql == mqls


def test_the_newest_threshold_in_force_takes_its_place(company: Company, after) -> None:
    with_total(company, 100)
    decide(company, 70, after(-10), day="2026-05-30")
    decide(company, 65, after(-5), day="2026-05-31")
    decide(company, 90, after(5), day="2026-06-01")
    company.points(company.lead(), START, fit=20, behaviour=46)
    assert company.qualify(START).mql == 1
    company.points(company.lead("hanako@example.com"), after(6), fit=20, behaviour=50)
    assert company.qualify(after(6)).mql == 0


def test_a_threshold_holds_only_for_the_agreement_it_was_made_for(company: Company, after) -> None:
    decide(company, 90, after(-5), version="2025-Q4")
    company.points(company.lead(), START, fit=20, behaviour=40)
    assert company.qualify(START).mql == 1


def test_one_that_was_taken_back_leaves_the_contracts_own(company: Company, after) -> None:
    decide(company, 90, after(-10), day="2026-05-30")
    decide(company, None, after(-5), day="2026-05-31")
    company.points(company.lead(), START, fit=20, behaviour=40)
    assert company.qualify(START).mql == 1


def test_leads_that_come_over_only_because_it_was_lowered_are_quiet(company: Company, after) -> None:
    decide(company, 90, after(-10), day="2026-05-30")
    old, lively = company.lead(), company.lead("hanako@example.com")
    company.points(old, START, fit=20, behaviour=50)
    company.points(lively, START, fit=20, behaviour=50)
    assert company.qualify(START).mql == 0
    decide(company, 70, after(5), day="2026-05-31")
    company.points(lively, after(6), behaviour=5)
    assert company.qualify(after(6)).mql == 2
    assert company.evidence(old)["backfill"] is True
    assert company.evidence(lively)["backfill"] is False


def test_a_raised_threshold_takes_nobody_back(company: Company, after) -> None:
    lead = company.mql()
    decide(company, 200, after(5))
    assert company.qualify(after(6)).mql == 0
    assert company.stages(lead) == {"mql": START}


def test_who_passes_by_the_models_points_is_news_only_after_a_lively_day(company: Company, after) -> None:
    decide(company, 70, after(-10))
    lively, sleepy = company.lead(), company.lead("hanako@example.com")
    company.points(sleepy, after(-3 * 1440), fit=20, behaviour=40)
    company.points(lively, after(-300), fit=20, behaviour=40)
    assert company.qualify(START).mql == 0
    for lead in (lively, sleepy):
        company.connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (%s, 15, 'model', 'model', 'model', %s, %s, 1, '')",
            [lead, after(5), after(5)],
        )
        company.connection.execute("update scoring.scores set model = 15 where lead_id = %s", [lead])
    assert company.qualify(after(6)).mql == 2
    assert company.evidence(lively)["backfill"] is False
    assert company.evidence(sleepy)["backfill"] is True
