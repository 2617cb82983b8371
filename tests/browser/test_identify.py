from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg

from leadops.db import connect
from leadops.events.proof import sign_identity
from leadops.identity.resolve import resolve_events
from tests.browser.sites import Site
from tests.browser.visitors import Visitor
from tests.shipped import SHIPPED
from tests.waiting import wait_until


def leads_of(visitor: Visitor) -> dict[str, str]:
    """Return the lead's email by event name, once the events have been resolved."""
    with connect(visitor.database_url) as connection:
        settings = SHIPPED.identity
        resolve_events(connection, now=datetime.now(UTC), settings=settings)
    with psycopg.connect(visitor.database_url) as connection:
        rows = connection.execute(
            "select event, email from (select seq, event, payload from cdp.events) as events"
            " join identity.resolved_events on event_seq = seq join identity.leads using (lead_id)"
            " where payload -> 'context' ->> 'site' = %s",
            [f"{visitor.host}:{visitor.site.port}"],
        ).fetchall()
    return dict(rows)


def test_what_was_done_before_belongs_to_the_member(visitor: Visitor) -> None:
    tab = visitor.agree()
    tab.click("#compare")
    visitor.properties("view_comparison")
    assert leads_of(visitor) == {}
    email = f"{visitor.host.partition('.')[0]}@buyers.example"
    who = {"user_id": visitor.host, "email": f" {email.upper()} ", "title": "CTO"}
    signature = sign_identity("i" * 32, email=email, user_id=visitor.host)
    told = visitor.call(tab, "identify", who, {"signature": signature})
    assert visitor.properties("identify") == [{"title": "CTO"}]
    (event,) = visitor.named("identify")
    assert (event["event_id"], event["user_id"], event["email"]) == (told, visitor.host, email)
    visitor.call(tab, "pricing", {"plan": "team"})
    visitor.properties("view_pricing")
    assert leads_of(visitor) == dict.fromkeys(
        ("page_view", "view_comparison", "identify", "view_pricing"), email
    )
    wait_until(lambda: not visitor.queue(tab))
    kept = tab.evaluate("JSON.stringify(localStorage)") + str(visitor.context.cookies())
    assert "buyers" not in kept.lower()


def test_two_members_at_one_computer_stay_two(visitor: Visitor) -> None:
    tab = visitor.agree()
    ids = []
    for who in [
        {"user_id": "u-1"},
        {"user_id": "u-1", "email": "ann@buyers.example"},
        {"email": "Ann@buyers.example"},
        {"user_id": "u-2"},
        {"email": "bob@buyers.example"},
        {"email": "ann@buyers.example"},
    ]:
        visitor.call(tab, "identify", who)
        ids.append(visitor.call(tab, "id"))
    ann, bob, again = ids[0], ids[3], ids[5]
    assert ids == [ann, ann, ann, bob, bob, again]  # a member's first email is no other member
    assert len({ann, bob, again}) == 3
    visitor.properties("identify", 6)
    assert Counter(one["anonymous_id"] for one in visitor.named("identify")) == Counter(ids)


def test_who_follows_a_sign_out_is_somebody_else(visitor: Visitor) -> None:
    tab = visitor.agree()
    before = visitor.call(tab, "id")
    visitor.call(tab, "reset")
    assert visitor.call(tab, "id") not in (before, None)


def test_nobody_is_not_identified(visitor: Visitor) -> None:
    tab = visitor.agree()
    for who in ({}, {"title": "CTO"}, {"user_id": None, "email": ""}):
        assert visitor.call(tab, "identify", who) is None
    assert visitor.call(tab, "identify") is None


def test_subdomains_can_share_the_id(visit: Callable[..., Visitor], site: Site) -> None:
    visitor = visit(host="www.shared.shop.example")
    site.add("/shared", tag='data-domain="shared.shop.example"')
    tab = visitor.open("/shared")
    visitor.call(tab, "consent", True)
    before = visitor.call(tab, "id")
    tab.goto(f"http://app.shared.shop.example:{site.port}/shared")
    assert visitor.call(tab, "id") == before
