from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from leadops.identity.import_leads import ImportedLead, import_leads
from tests.identity.test_apply_merges import both
from tests.identity.test_claims import claim, send_proven
from tests.identity.test_resolve import seen
from tests.scoring.conftest import NOW, World, at
from tests.scoring.oracle import Happening

pytestmark = pytest.mark.uncommitted

ACCOUNTS = (
    "select email, domain from identity.leads left join identity.accounts using (account_id) order by email"
)


def told(name: str, minutes: float, email: str, site: str) -> Happening:
    return seen(name, minutes, "submit_form", email=email, properties={"website": site})


def test_the_company_of_the_site_ties_people_to_an_account_and_joins_nobody(world: World) -> None:
    world.accept(
        [
            told("a", 1, "ann@gmail.com", "https://www.acme.example/"),
            told("b", 1, "bob@elsewhere.example", "ACME.example"),
            told("c", 1, "cat@acme.example", "gmail.com"),
            seen("d", email="dan@acme.example"),
        ]
    )
    world.resolve()
    assert world.rows(ACCOUNTS) == [
        ("ann@gmail.com", "acme.example"),
        ("bob@elsewhere.example", "acme.example"),
        ("cat@acme.example", None),
        ("dan@acme.example", None),
    ]
    assert world.rows("select count(*) from identity.accounts") == [(1,)]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_newest_site_counts_in_whatever_order_it_comes(world: World, order: tuple[int, ...]) -> None:
    said = [
        told("a", 1, "a@x.example", "old.example"),
        told("b", 3, "a@x.example", "new.example"),
        told("c", 2, "a@x.example", "between.example"),
    ]
    for place in order:
        world.accept([said[place]])
        world.resolve()
    assert world.rows(ACCOUNTS) == [("a@x.example", "new.example")]


@pytest.mark.parametrize(
    ("sent", "value", "comparable"),
    [
        ("Software", "Software", "software"),
        ("software", "software", None),
        (["Software"], "Software", "software"),
        (["Software", "Finance"], "Software", ["software", "finance"]),
        (" Ｓｏｆｔｗａｒｅ ", "Ｓｏｆｔｗａｒｅ", "software"),
        (7372, 7372, "7372"),
    ],
)
def test_a_trait_is_kept_as_it_was_sent_and_as_it_is_compared(
    world: World, sent: Any, value: Any, comparable: Any
) -> None:
    world.accept([seen("a", 1, "identify", email="a@x.example", properties={"industry": sent})])
    world.resolve()
    assert world.rows("select value, comparable from identity.traits where trait = 'industry'") == [
        (value, comparable)
    ]


@pytest.mark.parametrize(
    "blank", [None, "", " ", "\u3000", "-", "N/A", "不明", "null", [], [" "], {}, {"name": "x"}]
)
@pytest.mark.parametrize("minutes", [1, 3])
def test_a_blank_replaces_nothing_in_whatever_order_it_comes(world: World, blank: Any, minutes: int) -> None:
    world.accept(
        [
            seen("told", 2, "identify", email="a@x.example", properties={"title": "CEO"}),
            seen("blank", minutes, "submit_form", email="a@x.example", properties={"title": blank}),
        ]
    )
    world.resolve()
    assert world.rows("select value from identity.traits where trait = 'title'") == [("CEO",)]


def test_the_next_property_counts_where_the_first_is_blank(world: World) -> None:
    properties = {"employees": "-", "company_size": "51-200"}
    world.accept([seen("a", 1, "identify", email="a@x.example", properties=properties)])
    world.resolve()
    assert world.rows("select value, comparable from identity.traits where trait = 'employees'") == [
        ("51-200", 51)
    ]


TRAITS = "select trait, value from identity.person_traits where lead_id = 1 and trait <> 'email_domain'"


def titled(name: str, minutes: float, email: str | None, title: Any, **fields: Any) -> Happening:
    return seen(name, minutes, "identify", email=email, properties={"title": title}, **fields)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_values_of_one_moment_the_highest_event_id_counts_whichever_lead_said_it(
    world: World, order: tuple[int, ...]
) -> None:
    world.accept(both())
    world.resolve()
    said = [
        titled("e1", 1, "a@x.example", "Intern"),
        titled("e3", 1, "b@x.example", "CTO"),
        titled("e2", 1, "a@x.example", "CEO"),
    ]
    for place in order:
        world.accept([said[place]])
        world.resolve()
    assert world.rows(TRAITS) == [("title", "CTO")]


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_a_claim_of_the_same_moment_changes_nothing_of_a_proven_lead(
    world: World, order: tuple[int, ...]
) -> None:
    said = [
        titled("e1", 1, "a@x.example", "CTO", anonymous_id="own"),
        replace(titled("e2", 1, "a@x.example", "Intern", anonymous_id="another"), proof="claim"),
    ]
    for place in order:
        world.accept([said[place]])
        world.resolve()
    assert world.rows(TRAITS) == [("title", "CTO")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_a_browser_said_counts_once_it_is_proven_in_whatever_order(
    world: World, order: tuple[int, ...]
) -> None:
    said = [
        titled("e1", 1, "a@x.example", "CTO"),
        replace(titled("e2", 1, "a@x.example", "CEO", anonymous_id="own"), proof="claim"),
        seen("form", 0, "submit_form", email="a@x.example", anonymous_id="own"),
    ]
    for place in order:
        world.accept([said[place]])
        world.resolve()
    assert world.rows(TRAITS) == [("title", "CEO")]


def test_a_blank_of_the_same_moment_and_a_late_old_value_replace_nothing(world: World) -> None:
    for event in (
        titled("e1", 5, "a@x.example", "CTO"),
        titled("e2", 5, "a@x.example", " - "),
        titled("e3", 4, "a@x.example", "Intern"),
        seen("e4", 9, "submit_form", email="a@x.example"),
    ):
        world.accept([event])
        world.resolve()
    assert world.rows(TRAITS) == [("title", "CTO")]


def test_what_a_replaced_event_said_is_forgotten(database_url: str, world: World) -> None:
    company = {"website": "new.example", "title": "CTO"}
    world.accept(
        [
            seen(
                "form", 1, "submit_form", email="a@x.example", anonymous_id="own", properties={"title": "CEO"}
            ),
            replace(seen("e2", 2, "identify", anonymous_id="own", properties=company), proof="claim"),
        ]
    )
    world.resolve()
    assert dict(world.rows(TRAITS)) == company
    assert world.rows(ACCOUNTS) == [("a@x.example", "new.example")]
    said = {"properties": {"title": "Intern"}}
    send_proven(world, "e2", "identify", email="b@x.example", ts=at(2).isoformat(), payload=said)
    world.resolve()
    assert world.rows(TRAITS) == [("title", "CEO")]
    assert world.rows(ACCOUNTS) == [("a@x.example", None), ("b@x.example", None)]


KNOWN_SINCE = "select ts, event_id, is_history from identity.traits where trait = 'email_domain'"


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_address_is_known_since_the_earliest_proof_of_it(world: World, order: tuple[int, ...]) -> None:
    row = ImportedLead("crm-1", "a@x.example", at(3))
    arriving: list[Any] = [
        seen("e2", 2, email="a@x.example"),
        seen("e1", 2, email="a@x.example"),
        row,
        claim("e0", minutes=1, email="a@x.example"),
    ]
    for place in order:
        if arriving[place] is row:
            with world.connection.transaction():
                import_leads(world.connection, [row], now=NOW)
            continue
        world.accept([arriving[place]])
        world.resolve()
    assert world.rows(KNOWN_SINCE) == [(at(2), "e1", False)]


@pytest.mark.parametrize("is_claimed", [False, True])
def test_an_import_of_an_earlier_contact_dates_the_address(world: World, is_claimed: bool) -> None:
    world.accept([replace(seen("e1", 5, email="a@x.example"), proof="claim" if is_claimed else "write_key")])
    world.resolve()
    with world.connection.transaction():
        import_leads(world.connection, [ImportedLead("crm-1", "a@x.example", at(4))], now=NOW)
    assert world.rows(KNOWN_SINCE) == [(at(4), "import", True)]
    with world.connection.transaction():
        import_leads(world.connection, [ImportedLead("crm-1", "a@x.example", at(6))], now=NOW)
    assert world.rows(KNOWN_SINCE) == [(at(4), "import", True)]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_the_account_of_a_person_is_that_of_the_newest_website(world: World, order: tuple[int, ...]) -> None:
    said = [
        told("e1", 1, "a@x.example", "old.example"),
        told("e2", 3, "b@x.example", "new.example"),
        told("e3", 2, "c@x.example", "between.example"),
    ]
    for place in order:
        world.accept([said[place]])
        world.resolve()
    world.accept([*both(), seen("c", email="c@x.example", user_id="u")])
    world.resolve()
    assert world.rows(
        "select domain from identity.person_accounts left join identity.accounts using (account_id)"
    ) == [("new.example",)]
    world.accept([told("e4", 4, "c@x.example", "linkedin.com/company/x")])
    world.resolve()
    assert world.rows("select account_id from identity.person_accounts") == [(None,)]


def test_a_person_has_the_domains_of_all_addresses(world: World) -> None:
    world.accept(both(first="a@own.example", second="b@gmail.com"))
    world.accept([seen("c", email="c@gmail.com", user_id="u")])
    world.resolve()
    assert world.rows("select value from identity.person_traits") == [("gmail.com own.example",)]
