"""Of one lead a single upsert is under way, whichever lanes claim at the same moment."""

from threading import Thread

from leadops.db import connect
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane
from tests.delivery_fixture import GENERIC, DeliveryFixture
from tests.waiting import wait_until


def test_two_lanes_that_claim_at_once_do_not_both_take_the_lead(desk: DeliveryFixture) -> None:
    lead = desk.add_lead(email="one@claims.example")
    now = desk.clock()
    with desk.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="upsert_lead",
            payload={"email": "one@claims.example"},
            idempotency_key="again",
            lead_id=lead,
            now=now,
            lane=Lane.BACKFILL,
        )
    claimed: list[int] = []

    def claim(lane: Lane) -> None:
        with connect(desk.url, application="second claim") as other:
            claimed.append(claim_effects(other, product=GENERIC, target="ma", lane=lane, limit=9, now=now))

    with desk.connect() as connection:
        with connection.transaction():
            first = claim_effects(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=9, now=now)
            second = Thread(target=claim, args=[Lane.BACKFILL])
            second.start()
            # It waits for the first one's commit; without a lock it would be over, with the same lead.
            wait_until(lambda: bool(claimed) or is_waiting(desk))
        second.join(60)
    assert (first, claimed) == (1, [0])


def is_waiting(desk: DeliveryFixture) -> bool:
    return bool(
        desk.value(
            "select count(*) from pg_stat_activity where datname = current_database()"
            " and application_name = 'second claim' and wait_event_type = 'Lock'"
        )
    )
