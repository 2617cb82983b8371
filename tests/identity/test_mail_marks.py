"""Acts through mails are marked on every way by which an event gets its lead, and when their list changes."""

from datetime import timedelta

import pytest

from leadops.identity import event_chunk
from leadops.identity.event_chunk import requeue_lost_events
from leadops.lanes import Lane
from tests.identity.test_resolve import seen
from tests.scoring.conftest import NOW, World

#: As docs/events.md lists them.
MAIL_ACTS = {"mail_open", "mail_click", "unsubscribe", "mail_delivered"}


FILED = "select event_seq, lead_id, is_mail_act from identity.resolved_events order by 1"


def marked(world: World) -> set[str]:
    """Return the event_ids of the marked events."""
    found = world.rows(
        "select event_id from identity.resolved_events join cdp.events on seq = event_seq where is_mail_act"
    )
    return {event_id for (event_id,) in found}


def test_each_kind_of_event_is_marked_or_not(world: World) -> None:
    others = {"page_view", "identify", "mail", "mail_clicked", "MAIL_OPEN"}
    world.accept([seen(event, event=event, email="ann@x.example") for event in sorted(MAIL_ACTS | others)])
    world.resolve()  # the first makes the lead, so all are filed from the chunk
    assert marked(world) == MAIL_ACTS
    world.accept(
        [seen(f"{event} 2", event=event, email="ann@x.example") for event in sorted(MAIL_ACTS | others)]
    )
    world.resolve()  # a look-up tells whose they are
    assert marked(world) == MAIL_ACTS | {f"{event} 2" for event in MAIL_ACTS}


@pytest.mark.parametrize("limit", [1, 100])
def test_an_act_of_nobody_is_marked_when_its_lead_becomes_known(world: World, limit: int) -> None:
    world.accept(
        [
            seen("click", event="mail_click", anonymous_id="phone"),
            seen("view", anonymous_id="phone"),
            seen("open", event="mail_open", user_id="u"),
            seen("tie", event="mail_click", anonymous_id="phone", user_id="u", email="ann@x.example"),
        ]
    )
    world.resolve(limit=limit)
    assert set(world.owners()) == {"click", "view", "open", "tie"}
    assert marked(world) == {"click", "open", "tie"}


def test_a_claim_that_is_proven_and_an_event_that_was_lost_are_marked(world: World) -> None:
    world.accept([seen("claim", event="mail_click", email="ann@x.example", anonymous_id="a", proof="claim")])
    world.resolve()
    world.accept([seen("proof", email="ann@x.example", anonymous_id="a")])
    world.resolve()
    before = world.rows(FILED)
    world.connection.execute("delete from identity.resolved_events")
    requeue_lost_events(world.connection, start=NOW, end=NOW + timedelta(seconds=1), lane=Lane.LIVE)
    world.resolve()
    assert world.rows(FILED) == before


def test_a_changed_list_marks_what_was_filed_and_classifies_its_leads_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    emails = ("ann@x.example", "bob@x.example", "eve@x.example")
    kinds = ("mail_open", "page_view", "mail_delivered")
    world.accept(
        seen(f"{kind} {email}", event=kind, email=email) for email, kind in zip(emails, kinds, strict=True)
    )
    world.resolve()
    world.connection.execute("delete from scoring.inbox")
    changed = ("mail_open", "page_view")
    monkeypatch.setattr(event_chunk, "MAIL_EVENTS", changed)
    world.resolve()
    assert marked(world) == {"mail_open ann@x.example", "page_view bob@x.example"}
    assert world.rows("select lead_id, lane from scoring.inbox order by 1") == [(2, 1), (3, 1)]
    world.resolve()
    assert world.rows("select count(*) from scoring.inbox") == [(2,)], "once"
    assert event_chunk.follow_mail_events(world.connection) == 0
