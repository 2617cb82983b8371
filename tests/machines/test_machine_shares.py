"""The share of machines by company: the mail domains of its people are one company, whatever the act."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadops.machines.allow_acts import allow_acts
from leadops.machines.machine_shares import MachineShare, count_shares
from tests.machines.conftest import LATER, START, MailWorld, world

__all__ = ["world"]


def share_by_company(world: MailWorld, max_rows: int = 9) -> list[MachineShare]:
    since, zone = START - timedelta(hours=1), ZoneInfo("UTC")
    return count_shares(world.connection, by="company", since=since, zone=zone, max_rows=max_rows)


def test_the_domains_of_a_company_are_one_and_free_mail_is_none(world: MailWorld) -> None:
    world.classify(
        [
            world.act("mail_open", 0, who="ann@buyer.example"),
            world.act("mail_click", 60, who="bob@eu.buyer.example", trap=True),
            world.act("unsubscribe", 90, who="bob@eu.buyer.example"),
            world.act("mail_open", 0, who="cy@gmail.com"),
            world.act("mail_open", 0, who="dee@gmx.net"),
            world.act("mail_click", 60, who="ed@other.example", trap=True),
        ]
    )
    company, free, other = (
        MachineShare("buyer.example", acts=3, machine_acts=1),
        MachineShare("(no company)", acts=2, machine_acts=0),
        MachineShare("other.example", acts=1, machine_acts=1),
    )
    assert share_by_company(world) == [company, other, free]
    assert share_by_company(world, max_rows=1) == [company]
    assert (company.percent, free.percent) == (33.3, 0.0)


def test_an_allowed_company_is_allowed_at_all_its_domains_and_no_other(world: MailWorld) -> None:
    """The name of notbuyer.example ends alike."""
    for who in ("ann@buyer.example", "bob@eu.buyer.example", "cy@notbuyer.example"):
        world.classify(
            [
                world.act("mail_click", 0, who=who, trap=True, event_id=f"click {who}"),
                world.act("mail_open", 50, who=who, user_agent="Mozilla/5.0", event_id=f"open {who}"),
            ]
        )
    assert len(world.signals()) == 6
    given: dict[str, Any] = {"by": "ops", "reason": "asked them", "now": LATER}
    assert allow_acts(world.connection, kind="company", value="buyer.example", **given) == 2
    world.classify()
    assert set(world.signals()) == {"click cy@notbuyer.example", "open cy@notbuyer.example"}
