from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest

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
    ann, bob, mail, again = ids[0], *ids[3:]
    assert ids == [ann, ann, ann, bob, mail, again]  # an email without the member's id may be anybody's
    assert len({ann, bob, mail, again}) == 4
    visitor.properties("identify", 6)
    assert Counter(one["anonymous_id"] for one in visitor.named("identify")) == Counter(ids)


ANN = {"user_id": "u-1", "email": "ann@buyers.example"}


@pytest.mark.parametrize(
    ("first", "second", "is_same"),
    [
        ({"user_id": "u-1"}, {"email": "bob@buyers.example"}, False),
        ({"email": "ann@buyers.example"}, {"user_id": "u-1"}, False),
        (ANN, {"email": "bob@buyers.example"}, False),
        (ANN, {"user_id": "u-2", "email": "ann@buyers.example"}, False),
        (ANN, {"user_id": "u-1", "email": "ann@new.example"}, True),
        (ANN, {"user_id": "u-1"}, True),
        (ANN, {"email": " ANN@buyers.example"}, True),
        ({"user_id": "u-1"}, ANN, True),
        ({"email": "ann@buyers.example"}, ANN, True),
    ],
)
def test_only_the_same_user_id_or_else_the_same_email_is_the_same_person(
    visitor: Visitor, first: dict[str, str], second: dict[str, str], is_same: bool
) -> None:
    tab = visitor.agree()
    before = visitor.call(tab, "id")
    visitor.call(tab, "identify", first)
    assert visitor.call(tab, "id") == before  # what an unknown browser did is the first one's
    tab = visitor.open("/about", tab=tab)
    visitor.call(tab, "identify", second)
    assert (visitor.call(tab, "id") == before) is is_same
    visitor.properties("identify", 2)
    ids = [event["anonymous_id"] for event in visitor.named("identify")]
    assert (ids[0], ids[0] == ids[1]) == (before, is_same)


def test_who_gives_only_an_address_does_not_get_the_browser_of_the_member_before(visitor: Visitor) -> None:
    tab = visitor.agree()
    user, name = visitor.host, visitor.host.partition(".")[0]
    emails = [f"{name}@buyers.example", f"{name}@others.example"]
    signature = sign_identity("i" * 32, user_id=user, email=emails[0])
    member = {"user_id": user, "email": emails[0]}
    visitor.call(tab, "identify", member, {"signature": signature})
    signature = sign_identity("i" * 32, user_id=user)
    visitor.call(tab, "identify", {"user_id": user}, {"signature": signature})
    signature = sign_identity("i" * 32, email=emails[1])
    visitor.call(tab, "identify", {"email": emails[1]}, {"signature": signature})
    visitor.call(tab, "pricing", {"plan": "team"})
    visitor.properties("view_pricing")
    wait_until(lambda: not visitor.queue(tab))
    owners = leads_of(visitor)
    assert (owners["page_view"], owners["view_pricing"]) == (emails[0], emails[1])


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
    visitor.call(tab, "identify", {"user_id": "u-1"})
    tab.goto(f"http://app.shared.shop.example:{site.port}/shared")
    assert visitor.call(tab, "id") == before
    visitor.call(tab, "identify", {"user_id": "u-1", "email": "ann@buyers.example"})
    assert visitor.call(tab, "id") == before
    tab.goto(f"http://www.shared.shop.example:{site.port}/shared")
    visitor.call(tab, "identify", {"email": "bob@buyers.example"})
    assert visitor.call(tab, "id") != before  # who signed in on the one host is known on the other
