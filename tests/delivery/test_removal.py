"""What delivery keeps of somebody erased while a call about them is under way."""

from datetime import UTC, datetime, timedelta

from leadops.db import Connection
from leadops.delivery.build_batches import build_batches
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.removal import erase_delivery, forget_settled
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


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PAST = NOW - timedelta(days=1)


def add_effect(
    connection: Connection, key: str, lead: int, state: str, operation: str = "set_fields"
) -> None:
    """An effect in the MA that names somebody; a dead one has its open letter."""
    connection.execute(
        "with added as (insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key,"
        " created_at, state, settled_at)"
        " values ('ma', %(operation)s, %(lead)s, '{\"name\": \"Aoi\"}', %(key)s,"
        " %(at)s, %(state)s, case when %(state)s in ('done', 'dropped') then %(at)s end) returning outbox_id)"
        " insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select 'ma', 'effect', outbox_id, %(lead)s, %(key)s, %(at)s from added where %(state)s = 'dead'",
        {"key": key, "lead": lead, "state": state, "operation": operation, "at": PAST},
    )


def erase(connection: Connection, lead: int) -> None:
    erase_delivery(connection, ErasedPerson([lead], ()), now=NOW)


def test_letters_of_the_person_are_closed_and_no_others(connection: Connection) -> None:
    add_effect(connection, "own", 1, "dead")
    add_effect(connection, "refused erasure", 1, "dead", "erase_lead")
    add_effect(connection, "others", 2, "dead")
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at, state,"
        " settled_at) values ('ma', 'delta', 1, 1, 5, 'points', %(at)s, 'applied', %(at)s)",
        {"at": PAST},
    )
    erase(connection, 1)
    letters = connection.execute(
        "select reason, state, settled_at from delivery.dead_letters order by dead_letter_id"
    ).fetchall()
    assert letters == [
        ("erased", "dropped", NOW),
        ("refused erasure", "open", None),
        ("others", "open", None),
        ("erased", "applied", PAST),
    ]


def test_a_call_under_way_that_is_refused_after_the_erasure_keeps_nothing(connection: Connection) -> None:
    add_effect(connection, "under way", 1, "sending")
    erase(connection, 1)
    assert not forget_settled(connection, [1], now=NOW)
    add_effect(connection, "refused", 1, "dead")  # as it is, once it is refused for good
    connection.execute("update delivery.outbox set state = 'done' where state = 'sending'")
    assert forget_settled(connection, [1], now=NOW)
    rows = connection.execute("select state, payload, settled_at from delivery.outbox order by outbox_id")
    assert rows.fetchall() == [("done", {}, NOW), ("dropped", {}, NOW)]
    assert connection.execute("select state, reason from delivery.dead_letters").fetchall() == [
        ("dropped", "erased")
    ]


def test_an_erasure_that_was_refused_keeps_the_id_until_somebody_decided(connection: Connection) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('ma', 1, 'x', %s)",
        [PAST],
    )
    add_effect(connection, "settled", 1, "done")
    add_effect(connection, "refused erasure", 1, "dead", "erase_lead")
    erase(connection, 1)
    assert not forget_settled(connection, [1], now=NOW)
    ids = "select external_id from delivery.external_ids"
    assert connection.execute(ids).fetchall() == [("x",)]
    connection.execute("update delivery.outbox set state = 'dropped' where operation = 'erase_lead'")
    assert forget_settled(connection, [1], now=NOW)
    assert connection.execute(ids).fetchall() == [("erased-1",)]
    settled = connection.execute(
        "select payload, settled_at from delivery.outbox where operation = 'set_fields'"
    ).fetchall()
    assert settled == [({}, PAST)], "when it was settled stays"


def test_a_system_is_asked_once_whatever_else_waits_for_it(connection: Connection) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('ma', 1, 'x', %s)",
        [PAST],
    )
    add_effect(connection, "waits", 1, "pending")
    for _ in range(2):
        erase(connection, 1)
    effects = connection.execute("select operation, state from delivery.outbox order by outbox_id").fetchall()
    assert effects == [("set_fields", "dropped"), ("erase_lead", "pending")]
