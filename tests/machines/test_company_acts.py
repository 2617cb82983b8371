"""Which acts stay on record beside the events, and how they follow what is read of them."""

from typing import Any

from tests.machines.conftest import MailWorld, world
from tests.shipped import change

__all__ = ["world"]


def kept(world: MailWorld) -> list[tuple[Any, ...]]:
    return world.rows(
        "select events.event_id, acts.event, acts.mail, acts.link, acts.company"
        " from machines.acts join cdp.events on seq = event_seq order by 1"
    )


def test_acts_are_kept_and_deliveries_are_not(world: MailWorld) -> None:
    """Only clicks are compared with those of other people of the company, so only theirs is kept."""
    acts = [
        world.act("mail_delivered", 0, event_id="a"),
        world.act("mail_open", 60, event_id="b"),
        world.act("mail_click", 90, link="https://x.example/a#top", event_id="c"),
        world.act("unsubscribe", 120, event_id="d"),
    ]
    world.classify(acts)
    assert kept(world) == [
        ("b", "mail_open", "m1", None, None),
        ("c", "mail_click", "m1", "https://x.example/a", "buyer.example"),
        ("d", "unsubscribe", "m1", None, None),
    ]
    versions = world.rows("select xmin::text, ctid::text from machines.acts order by event_seq")
    world.classify([world.act("page_view", 200, event_id="e")])
    assert world.rows("select xmin::text, ctid::text from machines.acts order by event_seq") == versions


def test_changed_addresses_change_what_is_kept(world: MailWorld) -> None:
    world.classify([world.act("mail_click", 0, link="https://x.example/a", other="m2", event_id="a")])
    addresses = {"mail": ["properties.other"], "link": ["properties.url"]}
    world.settings = change(world.settings, addresses=addresses)
    world.classify([])
    assert kept(world) == [("a", "mail_click", "m2", None, "buyer.example")]
