"""An effect on a lead that the target must know first, against a real CRM."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from leadops.db import Connection
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.dead_letters import (
    bury_effect,
    discard_dead_letters,
    list_dead_letters,
    retry_dead_letters,
)
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.operations import (
    OPERATIONS,
    operations_following,
    operations_upserting,
    operations_with_id,
)
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.lanes import Lane
from leadops.products.generic.generic_product import ROUTES, GenericProduct
from leadops.products.product_rows import Call, EffectRow, UnsupportedCallError
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.delivery_fixture import start_at_first_look
from tests.shipped import SHIPPED


def clock() -> datetime:
    return datetime.now(UTC)


@dataclass
class Crm:
    connection: Connection
    database_url: str
    url: str
    state: Path

    def want(self, operation: str, key: str, lead: int = 1, **payload: Any) -> None:
        enqueue_effect(
            self.connection,
            target="crm",
            operation=operation,
            payload=payload | {"idempotency_key": key},
            idempotency_key=key,
            lead_id=lead,
            now=clock(),
        )
        self.connection.commit()

    def create(self, key: str, lead: int = 1, email: str = "a@b.example") -> None:
        self.want("create_lead", key, lead, email=email, company="b", source="x")

    def push(self, seconds: float = 10) -> PushReport:
        settings = SHIPPED.delivery.model_copy(update={"longest_backoff_seconds": 0.01})
        return push_target(
            database_url=self.database_url,
            endpoint=Endpoint(base_url=self.url, token=Tokens().crm, timeout=60),
            target="crm",
            pusher_type=EffectPusher,
            settings=settings,
            clock=start_at_first_look(clock),
            sleep=time.sleep,
            until=clock() + timedelta(seconds=seconds),
        )

    def fault(self, **rule: Any) -> None:
        requests.post(f"{self.url}/_faults", json={"target": "crm"} | rule, timeout=60).raise_for_status()

    def states(self) -> dict[str, str]:
        rows = self.connection.execute("select idempotency_key, state from delivery.outbox").fetchall()
        self.connection.commit()
        return dict(rows)

    def owners(self) -> list[str]:
        """The owners that were set, in the order in which the CRM took them."""
        lines = [json.loads(line) for line in (self.state / "journal.jsonl").read_text().splitlines()]
        return [body["owner_id"] for body in self.patches(lines) if "owner_id" in body]

    def patches(self, lines: list[dict[str, Any]] | None = None) -> list[dict[str, Any]]:
        """What the CRM was asked to change, in order."""
        if lines is None:
            lines = [json.loads(line) for line in (self.state / "journal.jsonl").read_text().splitlines()]
        return [line["body"] for line in lines if line.get("kind") == "crm.patch"]


@pytest.fixture
def crm(connection: Connection, database_url: str, tmp_path: Path) -> Iterator[Crm]:
    with serve_in_thread(tmp_path, sales_work=False) as url:
        yield Crm(connection, database_url, url, tmp_path)


def test_an_owner_waits_until_the_lead_is_known(crm: Crm) -> None:
    crm.want("set_owner", "o1", owner_id="rep-02")
    assert crm.push().calls == 0
    crm.create("c1")
    assert crm.push().effects == 2
    assert crm.owners() == ["rep-02"]


def test_the_last_owner_wins_whatever_gets_lost(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    for number in range(1, 7):
        crm.want("set_owner", f"o{number}", owner_id=f"rep-0{number}")
    crm.fault(method="PATCH", path="/v1/leads/*", kind="500", probability=0.5, seed=3)
    crm.fault(method="PATCH", path="/v1/leads/*", kind="reset_after", probability=0.3, seed=5)
    for _ in range(20):
        crm.push()
        if set(crm.states().values()) == {"done"}:
            break
    assert set(crm.states().values()) == {"done"}
    owners = crm.owners()
    assert owners == sorted(owners), "none overtook another"
    assert owners[-1] == "rep-06"


def test_an_owner_of_a_later_cycle_waits_for_that_cycles_lead(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    crm.fault(method="POST", path="/v1/leads", kind="500", count=1)
    crm.create("c2")
    crm.want("set_owner", "o2", owner_id="rep-01")
    crm.push(seconds=0.3)
    crm.push()
    assert crm.states() == {"c1": "done", "c2": "done", "o2": "done"}
    last = (crm.state / "journal.jsonl").read_text().splitlines()[-1]
    assert '"L-1002"' in last


def test_what_waits_for_a_lead_goes_with_it(crm: Crm) -> None:
    crm.create("c1", email="")
    crm.want("set_owner", "o1", owner_id="rep-01")
    crm.want("set_owner", "other", lead=2, owner_id="rep-01")
    assert crm.push().dead == 1
    assert crm.states() == {"c1": "dead", "o1": "pending", "other": "pending"}
    discard_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock())
    crm.connection.commit()
    assert crm.states() == {"c1": "dropped", "o1": "dropped", "other": "pending"}


def test_an_owner_that_died_does_not_undo_a_newer_one(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    crm.want("set_owner", "o1", owner_id="")
    crm.push()
    crm.want("set_owner", "o2", owner_id="rep-02")
    crm.push()
    assert crm.states() == {"c1": "done", "o1": "dead", "o2": "done"}
    assert retry_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock()) == 0
    crm.connection.commit()
    crm.push()
    assert crm.states() == {"c1": "done", "o1": "dropped", "o2": "done"}
    assert crm.owners() == ["rep-02"]
    assert list_dead_letters(crm.connection) == []


def test_an_owner_that_died_last_goes_out_again(crm: Crm) -> None:
    crm.create("c1")
    crm.want("set_owner", "o1", owner_id="rep-01")
    crm.push()
    crm.want("set_owner", "o2", owner_id="")
    assert crm.push().dead == 1
    assert retry_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock()) == 1
    crm.connection.commit()
    assert crm.states()["o2-again"] == "pending"


def test_a_withdrawal_follows_the_creation_that_it_is_about(crm: Crm) -> None:
    """The lead of an earlier cycle, which sales won, is not withdrawn when the new one is refused."""
    crm.create("c1")
    crm.push()
    crm.create("c2", email="")
    crm.want("withdraw_lead", "w2", because="machine")
    assert crm.push().dead == 1
    assert crm.states() == {"c1": "done", "c2": "dead", "w2": "pending"}
    crm.push()
    assert crm.patches() == [], "a person may still send the creation again"
    discard_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock())
    crm.connection.commit()
    crm.push()
    assert crm.states() == {"c1": "done", "c2": "dropped", "w2": "dropped"}
    assert crm.patches() == []


def test_a_refused_withdrawal_does_not_undo_what_came_after_it(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    crm.want("withdraw_lead", "w1", owner_id="")
    assert crm.push().dead == 1
    crm.want("restore_lead", "r1")
    crm.push()
    assert retry_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock()) == 0
    crm.connection.commit()
    crm.push()
    assert crm.states() == {"c1": "done", "w1": "dropped", "r1": "done"}
    assert [body["status"] for body in crm.patches()] == ["new"]


def test_a_lead_that_the_crm_deleted_needs_no_withdrawal(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    crm.want("erase_lead", "e1")
    crm.want("withdraw_lead", "w1", because="machine")
    crm.push()
    assert crm.states() == {"c1": "done", "e1": "done", "w1": "done"}
    assert list_dead_letters(crm.connection) == []


class SilentProduct(GenericProduct):
    """A CRM that has no call for an MQL that was taken back."""

    def make_effect_call(self, effect: EffectRow) -> Call:
        if effect.operation in ("withdraw_lead", "set_owner"):
            raise UnsupportedCallError(f"no call for {effect.operation} in this product")
        return super().make_effect_call(effect)


def test_a_product_that_cannot_withdraw_goes_without_and_wakes_nobody(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    for number, operation in enumerate(["withdraw_lead", "set_owner"], start=1):
        crm.want(operation, f"k{number}")
        product, lane = SilentProduct(), Lane.LIVE
        claim_effects(crm.connection, product=product, target="crm", lane=lane, limit=9, now=clock())
    assert crm.states() == {"c1": "done", "k1": "dropped", "k2": "dead"}
    assert [letter.reason for letter in list_dead_letters(crm.connection)] == [
        "no call for set_owner in this product"
    ]
    errors = "select error from delivery.outbox where idempotency_key = 'k1'"
    assert crm.connection.execute(errors).fetchone() == ("no call for withdraw_lead in this product",)


def test_an_opt_out_waits_for_the_lead_and_ends_with_it(crm: Crm) -> None:
    crm.want("opt_out_lead", "n1", said_at="2026-07-01T01:00:00+00:00", said_by="event")
    assert crm.push().calls == 0
    crm.create("c1")
    assert crm.push().effects == 2
    headers = {"Authorization": f"Bearer {Tokens().crm}"}
    leads = requests.get(f"{crm.url}/v1/leads", headers=headers, timeout=60).json()["items"]
    assert [lead["may_mail"] for lead in leads] == [False]
    crm.want("erase_lead", "e1")
    crm.want("opt_out_lead", "n2")
    crm.push()
    assert set(crm.states().values()) == {"done"}
    assert list_dead_letters(crm.connection) == []


def test_a_refused_opt_out_does_not_undo_the_opt_in_after_it(crm: Crm) -> None:
    crm.create("c1")
    crm.push()
    crm.want("opt_out_lead", "n1")
    number = "select outbox_id from delivery.outbox where idempotency_key = 'n1'"
    outbox_id = crm.connection.execute(number).fetchone()[0]  # type: ignore[index]
    bury_effect(crm.connection, outbox_id, 1, target="crm", reason="refused", now=clock())
    crm.want("opt_in_lead", "y1")
    crm.push()
    assert retry_dead_letters(crm.connection, list_dead_letters(crm.connection), now=clock()) == 0
    crm.connection.commit()
    crm.push()
    assert crm.states() == {"c1": "done", "n1": "dropped", "y1": "done"}


def test_only_routes_with_an_id_wait_for_it() -> None:
    consents = ["opt_out_lead", "opt_in_lead"]
    assert operations_with_id("crm") == [
        "set_owner",
        "withdraw_lead",
        "restore_lead",
        *consents,
        "erase_lead",
    ]
    assert operations_following("crm") == ["withdraw_lead", "restore_lead"]
    assert operations_with_id("ma") == ["set_fields", *consents, "enrol_lead", "erase_lead"]
    assert (operations_upserting("ma"), operations_upserting("crm")) == (["upsert_lead"], [])
    assert ROUTES.keys() == OPERATIONS.keys(), "the generic product carries out every operation"
    assert all(route.path.startswith("/") for route in ROUTES.values())
    for key, operation in OPERATIONS.items():
        route = ROUTES[key]
        assert operation.needs_id == ("{external_id}" in route.path or route.is_enrolment)
        assert operation.gives_id == (ROUTES[key].answer_id is not None)
