"""A lead of the CRM that was merged or converted: calls go to where it went."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.external_ids import find_survivor, follow_merge, save_external_id
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.products.generic import generic_product
from leadops.products.generic.generic_crm import GenericCrm
from leadops.products.generic.generic_product import GenericProduct
from leadops.products.product_rows import EffectRow, RowResult, RowState
from leadops.settings import Endpoint
from tests.scripted_server import ScriptedServer, serve_script
from tests.shipped import SHIPPED

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


class TalkativeProduct(GenericProduct):
    """It says that a lead is elsewhere, and where only when the lead is read."""

    def read_effect_answer(self, body: Any, effect: EffectRow) -> RowResult:
        return RowResult(RowState.MOVED) if body.get("moved") else super().read_effect_answer(body, effect)


class FeedCrm(GenericCrm):
    """A CRM whose feed alone says it."""

    tells_merges_by_feed = True


@contextmanager
def crm_without(gone: dict[str, str | None]) -> Iterator[tuple[ScriptedServer, list[str]]]:
    """A CRM that has every lead but those of `gone`, with what it says about where they went."""
    asked: list[str] = []

    def respond(method: str, path: str, _: bytes) -> tuple[int, bytes]:
        asked.append(f"{method} {path}")
        lead = path.rsplit("/", 1)[-1]
        went = gone.get(lead, "")
        if path.startswith("/api/"):
            if went is None:
                return 404, b'{"code": "lead_not_found"}'
            return (503, b"") if went == "down" else (200, json.dumps({"id": int(went)}).encode())
        if went is None:
            return 404, b'{"code": "lead_not_found"}'
        return 200, b'{"moved": true}' if went else b"{}"

    with serve_script() as script:
        script.respond = respond
        yield script, asked


class Desk:
    """A lead of ours that the CRM knows as 11, and the wish to give it to somebody."""

    def __init__(self, connection: Connection, url: str) -> None:
        self.connection, self.url, self.now = connection, url, NOW
        with connection.transaction():
            save_external_id(connection, target="crm", lead_id=1, external_id="11", now=NOW)
            enqueue_effect(
                connection,
                target="crm",
                operation="set_owner",
                payload={"owner_id": "r1"},
                idempotency_key="o",
                lead_id=1,
                now=NOW,
            )

    def push(self) -> Any:
        """Push as often as the pauses allow within ten seconds; return the state of the wish."""
        info = self.connection.info
        push_target(
            database_url=f"{info.dsn} password={info.password}",
            endpoint=Endpoint(base_url=self.url, timeout=30),
            target="crm",
            pusher_type=EffectPusher,
            settings=SHIPPED.delivery,
            clock=lambda: self.now,
            sleep=self._sleep,
            until=self.now + timedelta(seconds=10),
        )
        row = self.connection.execute("select state, error from delivery.outbox").fetchone()
        self.connection.commit()
        return row

    def _sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=max(seconds, 0.1))


def test_a_lead_whose_place_the_crm_tells_is_called_there(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generic_product, "PRODUCT", TalkativeProduct())
    with crm_without({"11": "7"}) as (script, asked):
        assert Desk(connection, script.url).push()[0] == "done"
    assert asked == ["PATCH /v1/leads/11", "GET /api/leads/11", "PATCH /v1/leads/7"]
    known = connection.execute("select external_id, merged_into, state from delivery.external_ids").fetchall()
    assert known == [("11", "7", "present")]


def test_a_lead_that_went_nowhere_is_a_dead_letter(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generic_product, "PRODUCT", TalkativeProduct())
    with crm_without({"11": None}) as (script, _):
        assert Desk(connection, script.url).push()[0] == "dead"


def test_a_crm_that_cannot_be_asked_now_is_asked_later(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generic_product, "PRODUCT", TalkativeProduct())
    gone: dict[str, str | None] = {"11": "down"}
    with crm_without(gone) as (script, _):
        desk = Desk(connection, script.url)
        assert desk.push()[0] == "sending"
        gone["11"] = "7"
        desk.now += timedelta(minutes=1)
        assert desk.push()[0] == "done"


def test_where_the_feed_alone_tells_a_merge_the_call_waits_for_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GenericProduct, "crm", FeedCrm())
    with crm_without({"11": None}) as (script, asked):
        desk = Desk(connection, script.url)
        assert desk.push()[0] == "sending"
        assert len(asked) == 1
        with connection.transaction():
            follow_merge(connection, target="crm", external_id="11", survivor="12", now=NOW)
        desk.now += timedelta(minutes=1)
        assert desk.push()[0] == "done"
    assert asked[-1] == "PATCH /v1/leads/12"


def test_it_waits_for_the_feed_for_a_while_and_then_a_person_looks(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GenericProduct, "crm", FeedCrm())
    with crm_without({"11": None}) as (script, asked):
        desk = Desk(connection, script.url)
        states = []
        for _ in range(13):
            states.append(desk.push()[0])
            desk.now += timedelta(minutes=1)
    assert states == ["sending"] * 12 + ["dead"]
    assert len(asked) == 13


def test_an_outage_takes_nothing_of_the_time_in_which_the_feed_may_tell(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(GenericProduct, "crm", FeedCrm())
    with crm_without({"11": None}) as (script, asked):
        desk, answer = Desk(connection, script.url), script.respond
        script.respond = lambda *_: (503, b"")
        for _ in range(20):
            desk.push()
            desk.now += timedelta(minutes=1)
        assert connection.execute("select attempts > 12 from delivery.outbox").fetchone() == (True,)
        connection.commit()
        script.respond = answer
        assert desk.push()[0] == "sending"
        with connection.transaction():
            follow_merge(connection, target="crm", external_id="11", survivor="12", now=NOW)
        desk.now += timedelta(minutes=1)
        assert desk.push()[0] == "done"
    assert asked[-1] == "PATCH /v1/leads/12"


def test_a_chain_of_merges_is_followed_and_a_circle_is_not(connection: Connection) -> None:
    with connection.transaction():
        save_external_id(connection, target="crm", lead_id=1, external_id="A", now=NOW)
        found = []
        for gone, into in (("A", "B"), ("B", "C"), ("X", "Y"), ("C", "A")):
            follow_merge(connection, target="crm", external_id=gone, survivor=into, now=NOW)
            found.append(find_survivor(connection, target="crm", lead_id=1))
        assert found == ["B", "C", "C", None]
        follow_merge(connection, target="crm", external_id="A", survivor="D", now=NOW)
        save_external_id(connection, target="crm", lead_id=1, external_id="E", now=NOW)
        assert find_survivor(connection, target="crm", lead_id=1) is None
