"""A customer's colleague is not a new lead: what the state of the account means for an MQL."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.lifecycle.account_states import Colleagues, NamedCompany, match_companies, read_account_states
from leadops.lifecycle.kpi_contract import AccountRule, KpiContract
from tests.lifecycle.conftest import START, Company
from tests.shipped import SHIPPED

BEFORE = START - timedelta(days=30)


def with_accounts(**means: str) -> KpiContract:
    body = SHIPPED.kpi.model_dump(mode="json")
    body["versions"][0]["mql"]["account"] |= means
    return KpiContract.model_validate(body).in_company(SHIPPED.company)


def person(company: Company, name: str, *, account: int | None = 7, works_at: str | None = None) -> int:
    lead = company.lead(f"{name}@example.com")
    company.connection.execute(
        "update identity.leads set account_id = %s where lead_id = %s", [account, lead]
    )
    if works_at:
        company.connection.execute(
            "insert into identity.traits values (%s, 'company', %s, %s, 'e')", [lead, Jsonb(works_at), BEFORE]
        )
    return lead


def reached(company: Company, lead: int, stages: str, *, cycle: int = 1, **evidence: Any) -> None:
    """Record `stages`, a day apart and long before."""
    for day, stage in enumerate(stages.split()):
        moment = BEFORE + timedelta(days=day)
        company.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, %s, %s, %s, %s, %s, 'v')",
            [lead, cycle, stage, moment, moment, Jsonb(evidence)],
        )


def becomes_mql(company: Company, lead: int, minute: float = 0) -> int:
    moment = START + timedelta(minutes=minute)
    company.points(lead, moment, fit=30, behaviour=50)
    return company.qualify(moment).mql


def state(company: Company, lead: int) -> str | None:
    known = read_account_states(company.connection, [lead]).get(lead)
    return known.state if known else None


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ("mql sal sql won", "customer"),
        ("won", "customer"),
        ("mql sal sql", "open_deal"),
        ("mql lost won", "customer"),  # opened again
        ("mql won lost", None),
        ("mql sal sql lost", None),
        ("mql sal", None),  # a call is not a deal yet
        ("mql", None),
        ("", None),
    ],
)
def test_the_state_comes_from_what_a_colleague_reached(
    company: Company, stages: str, expected: str | None
) -> None:
    colleague, lead = person(company, "a"), person(company, "b")
    reached(company, colleague, stages)
    assert state(company, lead) == expected
    assert state(company, colleague) is None  # what they did themselves is left to again_behaviour


def test_a_customer_counts_before_an_open_deal_and_another_account_not_at_all(company: Company) -> None:
    leads = [person(company, name) for name in "abc"]
    stranger = person(company, "d", account=8)
    nobody = person(company, "e", account=None)
    reached(company, leads[0], "mql sql")
    reached(company, leads[1], "mql won")
    known = read_account_states(company.connection, [leads[2], stranger, nobody])
    assert [(row.lead_id, row.state, row.colleague_id) for row in known.values()] == [
        (leads[2], "customer", leads[1])
    ]


def test_stages_of_an_import_count_alike(company: Company) -> None:
    colleague, lead = person(company, "a"), person(company, "b")
    reached(company, colleague, "won", imported="crm.csv", line=2)
    assert state(company, lead) == "customer"


def test_a_merged_person_is_one_and_their_leads_are_not_colleagues(company: Company) -> None:
    first, second, other = (person(company, name) for name in "abc")
    reached(company, second, "mql won")
    company.connection.execute(
        "update identity.leads set merged_into = %s where lead_id = %s", [first, second]
    )
    company.connection.execute(
        "insert into identity.people (lead_id, person_id) values (%(f)s, %(f)s), (%(s)s, %(f)s)",
        {"f": first, "s": second},
    )
    assert state(company, first) is None
    known = read_account_states(company.connection, [other])[other]
    assert (known.state, known.colleague_id) == ("customer", first)


@pytest.mark.parametrize(
    ("theirs", "own", "expected"),
    [
        ("株式会社X", "X K.K.", "customer"),
        ("X Inc.", " ｘ ", "customer"),
        ("X", "Y", None),
        ("個人", "個人", None),  # names no company
        ("N/A", "N/A", None),
    ],
)
def test_without_an_account_the_companys_name_is_the_account(
    company: Company, theirs: str, own: str, expected: str | None
) -> None:
    colleague = person(company, "a", account=None, works_at=theirs)
    lead = person(company, "b", account=None, works_at=own)
    reached(company, colleague, "mql won")
    assert state(company, lead) == expected
    # As in routing, who has an account is not of one that is only a name.
    company.connection.execute("update identity.leads set account_id = 7 where lead_id = %s", [lead])
    assert state(company, lead) is None


def test_pairs_of_one_company() -> None:
    named = [
        NamedCompany(1, "X", True),
        NamedCompany(2, "x inc.", True),
        NamedCompany(1, "X", False),
        NamedCompany(3, "(株)X", False),
        NamedCompany(4, "Y", False),
    ]
    assert match_companies(named) == [Colleagues(1, 3), Colleagues(2, 1), Colleagues(2, 3)]


@pytest.mark.parametrize(("stages", "name"), [("mql won", "customer"), ("mql sql", "open_deal")])
@pytest.mark.parametrize(("means", "mqls"), [("count", 1), ("tell", 1), ("ignore", 0)])
def test_what_it_means_is_in_the_evidence(
    company: Company, stages: str, name: str, means: str, mqls: int
) -> None:
    other = {"customer": "open_deal", "open_deal": "customer"}[name]
    company.contract = with_accounts(**{name: means, other: "ignore" if means != "ignore" else "count"})
    colleague, lead = person(company, "a"), person(company, "b")
    reached(company, colleague, stages)
    assert becomes_mql(company, lead) == mqls
    if mqls:
        assert company.evidence(lead)["account"] == {"state": name, "means": means, "lead_id": colleague}


def test_shipped_sales_is_told_and_the_mql_counts_apart(company: Company) -> None:
    assert SHIPPED.kpi.versions[0].mql.account == AccountRule(customer="tell", open_deal="tell")
    lead = person(company, "b")
    assert becomes_mql(company, lead) == 1
    assert "account" not in company.evidence(lead)


def test_the_state_is_that_of_the_moment(company: Company, after: Any) -> None:
    colleague, first, second = (person(company, name) for name in "abc")
    reached(company, colleague, "mql sql")
    becomes_mql(company, first)
    company.connection.execute(
        "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
        " kpi_version) values (%s, 1, 'lost', %s, %s, '{}', 'v')",
        [colleague, after(1), after(1)],
    )
    becomes_mql(company, second, 2)
    assert company.evidence(first)["account"]["state"] == "open_deal"  # what is decided stays
    assert "account" not in company.evidence(second)


def test_who_was_ignored_becomes_mql_when_the_contract_does_not_ignore_them_any_more(
    company: Company, after: Any
) -> None:
    company.contract = with_accounts(customer="ignore")
    colleague, lead = person(company, "a"), person(company, "b")
    reached(company, colleague, "mql won")
    assert becomes_mql(company, lead) == 0
    company.contract = with_accounts(customer="tell")
    assert company.qualify(after(1)).mql == 1
    evidence = company.evidence(lead)
    assert (evidence["account"]["means"], evidence["backfill"]) == ("tell", True)
