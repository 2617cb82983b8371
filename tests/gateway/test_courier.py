"""The couriers bring what is wanted to a real MA and CRM at once, and come back after any fault."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from leadops.db import Connection, connect
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.gateway.courier import LOOK_EVERY, Couriers, Errand
from leadops.settings import Endpoint, load_config
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.gateway.conftest import FORM_SECRETS, Serve
from tests.gateway.form_sender import FormSender


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_in_thread(Path(tmp_path_factory.mktemp("sandbox")), sales_work=False) as url:
        yield url


@pytest.fixture
def errands(sandbox: str, database_url: str) -> list[Errand]:
    settings = load_config("delivery", DeliverySettings)
    settings = settings.model_copy(update={"longest_backoff_seconds": 0.2})
    return [
        Errand(
            name,
            Endpoint(base_url=sandbox, token=token, timeout=2),
            database_url,
            settings,
            lambda: datetime.now(UTC),
        )
        for name, token in (("ma", Tokens().ma), ("crm", Tokens().crm))
    ]


def until(condition: Callable[[], Any], *, seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def leads(sandbox: str) -> tuple[int, int]:
    state = requests.get(f"{sandbox}/_state", timeout=5).json()
    return state["ma"]["leads"], state["crm"]["leads"]


def arrived(connection: Connection, count: int) -> bool:
    connection.rollback()
    row = connection.execute("select count(*) from delivery.outbox where state = 'done'").fetchone()
    return row is not None and row[0] == count


def fill_in(sender: FormSender, name: str) -> None:
    assert sender.post({"email": f"{name}@courier.example"}).status_code == 202


def test_a_form_is_in_both_within_moments(
    serve: Serve, errands: list[Errand], sandbox: str, connection: Connection
) -> None:
    client = serve(errands=errands)
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"})
    before = leads(sandbox)
    started = time.monotonic()
    for number in range(20):
        fill_in(FormSender(client, FORM_SECRETS[0]), f"moment{number}")
    until(lambda: arrived(connection, 40), seconds=LOOK_EVERY - 1)
    assert time.monotonic() - started < LOOK_EVERY, "they were called, they did not just happen to look"
    assert leads(sandbox) == (before[0] + 20, before[1] + 20)


def test_without_connections_they_are_off_and_health_says_so(serve: Serve, errands: list[Errand]) -> None:
    assert serve().get("/healthz").json()["delivery"] == {"ma": "off", "crm": "off"}
    client = serve(errands=errands[:1])
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "off"})


def test_one_target_that_is_down_holds_the_other_up_in_nothing(
    serve: Serve, errands: list[Errand], sandbox: str, connection: Connection
) -> None:
    client = serve(errands=errands)
    requests.post(f"{sandbox}/_faults", json={"target": "crm", "kind": "500"}, timeout=5).raise_for_status()
    try:
        for number in range(5):
            fill_in(FormSender(client, FORM_SECRETS[0]), f"down{number}")
        until(lambda: arrived(connection, 5))
    finally:
        requests.delete(f"{sandbox}/_faults", timeout=5).raise_for_status()
    until(lambda: arrived(connection, 10))


def test_a_lost_connection_is_made_again(serve: Serve, errands: list[Errand], connection: Connection) -> None:
    client = serve(errands=errands)
    until(lambda: client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"})
    connection.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'leadops courier'"
    )
    connection.commit()
    fill_in(FormSender(client, FORM_SECRETS[0]), "again")
    until(lambda: arrived(connection, 2))


def test_what_nobody_rang_for_is_found(
    errands: list[Errand], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadops.gateway.courier.LOOK_EVERY", 0.3)
    couriers = Couriers(errands)
    couriers.start()
    try:
        until(lambda: couriers.states() == {"ma": "on", "crm": "on"})
        time.sleep(0.2)
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
            " values ('ma', 'upsert_lead', 7, '{\"email\": \"quiet@courier.example\"}', 'k', now())"
        )
        connection.commit()
        until(lambda: arrived(connection, 1), seconds=5)
    finally:
        couriers.stop(seconds=5)


def test_they_stop_in_time_also_while_the_database_is_away(errands: list[Errand], sandbox: str) -> None:
    lost = Errand(
        "ma",
        errands[0].endpoint,
        "postgresql://nobody:x@127.0.0.1:1/none",
        errands[0].settings,
        errands[0].clock,
    )
    couriers = Couriers([lost, errands[1]])
    couriers.start()
    until(lambda: couriers.states() == {"ma": "waiting", "crm": "on"})
    started = time.monotonic()
    couriers.stop(seconds=10)
    assert time.monotonic() - started < 5
    assert couriers.states() == {"ma": "off", "crm": "off"}


def test_score_changes_are_left_to_the_minute(errands: list[Errand], database_url: str) -> None:
    with connect(database_url) as own:
        own.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (1, 5, 'fit', 'rule', 'r', now(), now(), 0, 'r')"
        )
        own.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
            " values ('ma', 'upsert_lead', 1, '{\"email\": \"score@courier.example\"}', 'k', now())"
        )
    couriers = Couriers(errands)
    couriers.start()
    try:
        with connect(database_url) as own:
            until(lambda: arrived(own, 1))
            assert own.execute("select count(*) from delivery.batches").fetchone() == (0,)
    finally:
        couriers.stop(seconds=5)
    with psycopg.connect(database_url) as own_again:
        row = own_again.execute("select external_id from delivery.external_ids where lead_id = 1").fetchone()
    assert row
