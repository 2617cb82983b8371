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
