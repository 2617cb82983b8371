"""What a guard objects to is dropped at the last moment, and only what certainly has not arrived."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.delivery.effect_guard import EffectGuard, WaitingEffect
from leadops.delivery.outbox import enqueue_effect
from tests.delivery_fixture import SteppedDelivery

NOTE = "insert into delivery.marks (holder, mark, since, marked_at) values (%s, 1, now(), now())"


class Objector:
    """A guard that objects to some keys, and writes a row of its own for each such effect."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}
        self.asked: list[str] = []

    def find(
        self, connection: Connection, effects: Sequence[WaitingEffect], now: datetime
    ) -> Mapping[int, str]:
        assert all(effect.operation == "set_fields" and effect.created_at <= now for effect in effects)
        self.asked += [effect.idempotency_key for effect in effects]
        found = [effect for effect in effects if effect.idempotency_key in self.reasons]
        for effect in found:
            connection.execute(NOTE, [effect.idempotency_key])
        return {effect.outbox_id: self.reasons[effect.idempotency_key] for effect in found}


@pytest.fixture
def objector() -> Objector:
    return Objector()


@pytest.fixture
def ma(database_url: str, ma_url: str, objector: Objector) -> Iterator[SteppedDelivery]:
    ma = SteppedDelivery(database_url, ma_url, guards=(EffectGuard("ma", "set_fields", objector.find),))
    yield ma
    ma.heal()


def want(ma: SteppedDelivery, lead: int, key: str) -> None:
    with ma.connect() as connection:
        enqueue_effect(
            connection,
            target="ma",
            operation="set_fields",
            payload={"fields": {"key": key}},
            idempotency_key=key,
            lead_id=lead,
            now=ma.clock(),
        )


def effects(ma: SteppedDelivery) -> dict[str, tuple[str, str | None, int]]:
    with ma.connect() as connection:
        rows = connection.execute(
            "select idempotency_key, state, error, attempts from delivery.outbox"
            " where operation = 'set_fields'"
        ).fetchall()
    return {key: (state, error, attempts) for key, state, error, attempts in rows}


def test_an_obstacle_drops_the_effect_with_its_reason_and_the_rooms_row(
    ma: SteppedDelivery, objector: Objector
) -> None:
    one, two = ma.add_lead(), ma.add_lead()
    want(ma, one, "first")
    want(ma, two, "second")
    objector.reasons["first"] = "too late"
    assert ma.push().effects == 3, "two leads, and what nobody objects to"
    assert effects(ma) == {"first": ("dropped", "too late", 0), "second": ("done", None, 1)}
    assert ma.value("select array_agg(holder) from delivery.marks") == ["first"]
    assert ma.value("select count(*) from delivery.dead_letters") == 0
    assert sorted(objector.asked) == ["first", "second"], "once each"


def test_after_an_outage_it_is_asked_again(ma: SteppedDelivery, objector: Objector) -> None:
    """A call that certainly had no effect is claimed again hours later: by then it may be too late."""
    lead = ma.add_lead()
    ma.push()
    want(ma, lead, "k")
    ma.fault("429", method="PATCH", path="/api/leads/*", retry_after=60)
    ma.push()
    assert effects(ma)["k"][0] == "sending"
    assert objector.asked == ["k"]
    ma.heal()
    ma.now += timedelta(hours=3)
    objector.reasons["k"] = "too late"
    ma.push()
    assert effects(ma)["k"] == ("dropped", "too late", 1)
    assert objector.asked == ["k", "k"]


def test_what_may_have_arrived_is_sent_until_that_is_known(ma: SteppedDelivery, objector: Objector) -> None:
    lead = ma.add_lead()
    ma.push()
    want(ma, lead, "k")
    ma.fault("reset_after", method="PATCH", path="/api/leads/*", count=1)
    ma.push(seconds=0.5)
    objector.reasons["k"] = "too late"
    ma.now += timedelta(hours=1)
    ma.push()
    assert effects(ma)["k"][:2] == ("done", None)
    assert objector.asked == ["k"]


def test_what_waits_for_its_lead_is_asked_about_when_the_lead_is_there(
    ma: SteppedDelivery, objector: Objector
) -> None:
    lead = ma.add_lead()
    ma.push()
    ma.by_hand(ma.ma_id(lead), "delete")
    want(ma, lead, "k")
    ma.push()
    assert effects(ma)["k"][0] == "pending"
    ma.by_hand(ma.ma_id(lead), "restore")
    with ma.connect() as connection:
        connection.execute("update delivery.external_ids set state = 'present'")
    objector.reasons["k"] = "too late"
    ma.push()
    assert effects(ma)["k"][:2] == ("dropped", "too late")


def test_other_operations_and_targets_are_not_asked_about(ma: SteppedDelivery, objector: Objector) -> None:
    ma.guards = (EffectGuard("crm", "set_fields", objector.find), EffectGuard("ma", "none", objector.find))
    lead = ma.add_lead()
    want(ma, lead, "k")
    objector.reasons["k"] = "too late"
    ma.push()
    assert effects(ma)["k"][0] == "done"
    assert objector.asked == []
