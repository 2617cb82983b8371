"""What delivery keeps of somebody erased while a call about them is under way."""

from datetime import timedelta

from leadops.delivery.build_batches import build_batches
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.erase import erase_delivery, forget_settled
from leadops.erased.erased_person import ErasedPerson, PersonIdentifier
from leadops.lanes import Lane
from tests.delivery_fixture import GENERIC, DeliveryFixture


def test_a_batch_that_was_under_way_keeps_no_id_once_it_is_settled(desk: DeliveryFixture) -> None:
    lead, other = desk.add_lead(), desk.add_lead()
    desk.push()
    name, kept = str(desk.ma_id(lead)), str(desk.ma_id(other))
    desk.score(lead, 5)
    desk.score(other, 7)
    now = desk.clock()
    with desk.connect() as connection:
        values = {"target": "ma", "lane": Lane.LIVE, "now": now}
        build_batches(connection, batch_size=9, batches=1, **values)
        claim_batches(connection, product=GENERIC, limit=9, **values)
    with desk.connect() as connection:
        person = ErasedPerson([lead], (PersonIdentifier("ma_id", name),))
        assert erase_delivery(connection, person, now=now) == ["ma"]
        assert not forget_settled(connection, [lead], now=now)
    desk.push()
    desk.clock = lambda: now + timedelta(minutes=2)
    with desk.connect() as connection:
        assert forget_settled(connection, [lead], now=desk.clock())
    assert desk.value("select bool_and(state <> 'ready') from delivery.batches")
    ids = (
        "select array_agg(delta ->> 'external_id') from delivery.batches, json_array_elements(rows) as delta"
    )
    assert desk.value(ids) == ["0", kept]
    assert desk.value("select count(*) from delivery.batches where body is not null") == 0
    assert (
        desk.value("select external_id from delivery.external_ids where lead_id = %s", lead)
        == f"erased-{lead}"
    )


def test_an_open_batch_holds_up_the_end_of_an_erasure(desk: DeliveryFixture) -> None:
    lead = desk.add_lead()
    desk.push()
    name, now = str(desk.ma_id(lead)), desk.clock()
    desk.score(lead, 5)
    with desk.connect() as connection:
        build_batches(connection, target="ma", lane=Lane.LIVE, batch_size=9, batches=1, now=now)
    with desk.connect() as connection:
        erase_delivery(connection, ErasedPerson([lead], (PersonIdentifier("ma_id", name),)), now=now)
        connection.execute("update delivery.outbox set state = 'done' where operation = 'erase_lead'")
        assert not forget_settled(connection, [lead], now=now)
        connection.execute("update delivery.batches set state = 'done', settled_at = %s", [now])
        assert forget_settled(connection, [lead], now=now)
