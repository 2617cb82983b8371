"""What a lead still needs to become MQL, by hand: shipped rules, fit 20 and behaviour 40 asked for."""

from datetime import date, timedelta
from typing import Any

import pytest

from leadops.lifecycle.mql_outlook import MqlOutlook, find_mql_outlook
from leadops.scoring.active_rules import activate_rules
from tests.lifecycle.conftest import START, Company
from tests.lifecycle.test_decide_mqls import with_rule
from tests.shipped import SHIPPED

ZONE = SHIPPED.company.zone
RULE: dict[str, Any] = {"fit": 20, "behaviour": 40, "total": None, "again_behaviour": 20, "claims": False}


@pytest.fixture
def company(company: Company) -> Company:
    activate_rules(company.connection, rules=SHIPPED.scoring, zone=ZONE, now=START)
    with_rule(company, **RULE)
    return company


def look(company: Company, lead: int) -> MqlOutlook:
    return find_mql_outlook(
        company.connection,
        lead,
        rules=SHIPPED.scoring,
        zone=ZONE,
        contract=company.contract,
        now=START,
    )


def name_ways(outlook: MqlOutlook) -> list[list[str]]:
    return [[act.rule for act in way] for way in outlook.ways]


def test_six_points_of_behaviour_are_a_webinar_or_a_look_at_the_prices(company: Company) -> None:
    lead = company.lead()
    company.points(lead, START, fit=25, behaviour=34)
    outlook = look(company, lead)
    assert (outlook.state, outlook.missing.most) == ("one_step", 6)
    assert (outlook.missing.fit, outlook.missing.behaviour, outlook.missing.total) == (0, 6, 0)
    assert name_ways(outlook) == [
        ["webinar_register"],
        ["brand_search"],
        ["comparison_dwell"],
        ["pricing_page"],
        ["view_pricing"],
    ], "the fewest points first"
    assert outlook.more_ways == 3, "request_document, submit_form, webinar_attend"


def test_a_gap_that_no_act_closes_takes_two(company: Company) -> None:
    """By hand: 35 are missing, and the most that one act gives is 20: 15 and 20 do, or 20 and 20."""
    lead = company.lead()
    company.points(lead, START, fit=25, behaviour=5)
    outlook = look(company, lead)
    assert outlook.state == "two_steps"
    assert name_ways(outlook)[0] == ["request_document", "pricing_page"]
    assert {act.points for way in outlook.ways for act in way} == {15, 20}
    assert all(len(way) == 2 for way in outlook.ways)


def test_a_gap_in_both_is_an_act_and_a_fact(company: Company) -> None:
    lead = company.lead()
    company.points(lead, START, fit=10, behaviour=35)
    outlook = look(company, lead)
    assert (outlook.state, outlook.missing.most) == ("two_steps", 15)
    assert ["country_served", "video_half_watched"] in [sorted(way) for way in name_ways(outlook)]


def test_two_values_of_one_trait_are_no_two_steps(company: Company) -> None:
    """By hand: 30 of fit are missing; title 20 and title 10 cannot both be, industry 20 and title 10 can."""
    with_rule(company, **RULE | {"fit": 50})
    lead = company.lead()
    company.points(lead, START, fit=20, behaviour=60)
    company.connection.execute(
        "insert into identity.traits values (%s, 'employees', '5', now(), 'e'),"
        " (%s, 'country', '\"FR\"', now(), 'e')",
        [lead, lead],
    )
    outlook = look(company, lead)
    assert sorted(map(sorted, name_ways(outlook))) == [
        ["industry_target", "title_decides"],
        ["industry_target", "title_manages"],
    ]


def test_a_total_counts_whatever_closes_it(company: Company) -> None:
    """By hand: 70 asked for and 62 there; a fact of 10 or more does as well as an act of 8 or more."""
    with_rule(company, **RULE | {"total": 70})
    lead = company.lead()
    company.points(lead, START, fit=22, behaviour=40)
    outlook = look(company, lead)
    assert (outlook.missing.most, outlook.missing.total, outlook.missing.behaviour) == (8, 8, 0)
    assert name_ways(outlook)[:2] == [["webinar_register"], ["country_served"]]


def test_what_is_far_says_how_far(company: Company) -> None:
    lead = company.lead()
    company.points(lead, START, fit=25, behaviour=-6)
    outlook = look(company, lead)
    assert (outlook.state, outlook.missing.most, outlook.ways) == ("far", 46, ())


def test_after_a_cycle_the_points_since_its_end_count(company: Company) -> None:
    """By hand: 20 are asked for after the end, 12 came since: 8 are missing, though 92 are there."""
    lead = company.mql()
    company.activity("a1", "L-1", "status", START + timedelta(hours=1), status="lost")
    company.qualify(START + timedelta(hours=2))
    company.points(lead, START + timedelta(hours=3), behaviour=12)
    outlook = look(company, lead)
    assert (outlook.state, outlook.missing.behaviour, outlook.missing.fit) == ("one_step", 8, 0)
    assert name_ways(outlook)[0] == ["webinar_register"]


def test_an_mql_is_one_since_its_day(company: Company) -> None:
    outlook = look(company, company.mql())
    assert (outlook.state, outlook.since, outlook.ways) == ("mql", START, ())


def test_enough_points_make_it_one_with_the_next_run(company: Company) -> None:
    lead = company.lead()
    company.points(lead, START, fit=20, behaviour=40)
    assert look(company, lead).state == "passes"
    assert company.qualify(START).mql == 1


@pytest.mark.parametrize(
    ("statement", "state", "because"),
    [
        ("update identity.leads set erased_at = now()", "blocked", "erased"),
        (
            "insert into identity.uncounted_leads select lead_id, 'internal', 'domain example.com', now()"
            " from identity.leads",
            "blocked",
            "internal",
        ),
        ("update identity.leads set only_claimed = true", "blocked", "only_claimed"),
        (
            "insert into scoring.inbox (lead_id, lane) select lead_id, 0 from identity.leads",
            "waiting",
            "leads",
        ),
        (
            "insert into scoring.inbox (lead_id, lane) select lead_id, 1 from identity.leads",
            "waiting",
            "leads",
        ),
        ("insert into machines.waiting_acts select 1, lead_id, now() from identity.leads", "waiting", "acts"),
        (
            "insert into scoring.rule_sets (hash, body, effective_at, reason) values ('x', '{}', now(), '')",
            "waiting",
            "rules",
        ),
    ],
)
def test_where_points_do_not_help_it_says_why(
    company: Company, statement: str, state: str, because: str
) -> None:
    lead = company.lead()
    company.points(lead, START, fit=25, behaviour=34)
    company.connection.execute(statement.encode())
    outlook = look(company, lead)
    assert (outlook.state, outlook.because, outlook.ways) == (state, because, ())


@pytest.mark.parametrize(
    ("means", "state", "because"),
    [("ignore", "blocked", "customer"), ("tell", "one_step", None), ("count", "one_step", None)],
)
def test_a_customer_s_colleague_is_none_where_the_contract_ignores_them(
    company: Company, means: str, state: str, because: str | None
) -> None:
    buyer = company.mql(email="buyer@corp.example")
    company.activity("a1", "L-1", "status", START + timedelta(hours=1), status="won")
    company.qualify(START + timedelta(hours=2))
    lead = company.lead("colleague@corp.example")
    company.connection.execute(
        "with made as (insert into identity.accounts (domain, created_at) values ('corp.example', now())"
        " returning account_id) update identity.leads set account_id = made.account_id from made"
        " where lead_id = any(%s)",
        [[buyer, lead]],
    )
    company.points(lead, START, fit=25, behaviour=34)
    version = company.contract.versions[0].mql
    with_rule(company, account=version.account.model_copy(update={"customer": means}))
    outlook = look(company, lead)
    assert (outlook.state, outlook.because) == (state, because)


def test_of_a_joined_lead_the_person_is_looked_at(company: Company) -> None:
    older, younger = company.lead("a@example.com"), company.lead("b@example.com")
    company.points(older, START, fit=25, behaviour=34)
    company.connection.execute(
        "insert into identity.people values (%s, %s), (%s, %s)", [older, older, younger, older]
    )
    outlook = look(company, younger)
    assert (outlook.lead_id, outlook.state, outlook.missing.most) == (older, "one_step", 6)


def test_the_night_from_which_on_it_may_lose_points_is_named(company: Company) -> None:
    lead = company.lead()
    company.points(lead, START, fit=25, behaviour=34)
    assert look(company, lead).decays_on is None
    company.connection.execute("insert into scoring.decay_schedule values (%s, '2026-07-03')", [lead])
    assert look(company, lead).decays_on == date(2026, 7, 3)
