from typing import Any

import pytest

from tests.identity.test_resolve import seen
from tests.scoring.conftest import World
from tests.scoring.oracle import Happening

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
