"""Whom the list of our own people concerns, and who is announced when the list becomes shorter."""

from leadops.identity.identity_settings import IdentitySettings
from leadops.identity.uncounted_leads import find_uncounted
from tests.identity.test_resolve import seen
from tests.scoring.conftest import World
from tests.shipped import SHIPPED, change


def ours(*domains: str, addresses: tuple[str, ...] = ()) -> IdentitySettings:
    internal = {"domains": domains, "addresses": addresses}
    return SHIPPED.identity.link(change(SHIPPED.company, internal=internal))


def announced(world: World) -> list[str]:
    rows = world.rows("select payload ->> 'email' from delivery.outbox order by outbox_id")
    return [email for (email,) in rows]


def test_who_comes_off_the_list_is_announced_though_others_stay_on_it(world: World) -> None:
    world.identity = ours("ours.example", addresses=("test@gmail.com",))
    emails = ("ann@ours.example", "test@gmail.com", "bob@buyer.example")
    world.accept(seen(email, email=email) for email in emails)
    world.resolve()
    assert announced(world) == ["bob@buyer.example"]
    world.identity = ours("ours.example", addresses=("bob@buyer.example",))
    world.resolve()
    assert announced(world) == ["bob@buyer.example", "test@gmail.com"]
    found = [find_uncounted(world.connection, lead) for lead in (1, 2, 3)]
    assert [lead and lead.entry for lead in found] == [
        "domain ours.example",
        None,
        "address bob@buyer.example",
    ]
    # Who had been announced before is not announced again.
    world.identity = ours("ours.example")
    world.resolve()
    assert announced(world) == ["bob@buyer.example", "test@gmail.com"]
