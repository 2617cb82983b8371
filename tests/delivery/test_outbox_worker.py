"""Outbox workers poll without notifications, stop in time, and leave score changes to the minute."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from leadops.db import Connection, connect
from leadops.delivery.database_mark import open_mark
from leadops.delivery.outbox_worker import OutboxWorkers, WorkerConfig
from leadops_sandbox.serve import serve_in_thread
from tests.left_as_found import share_sandbox
from tests.outbox_workers import has_sent, make_worker_configs
from tests.waiting import PATIENCE
from tests.waiting import wait_until as until


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder, sales_work=False) as url, share_sandbox(url, fixture="sandbox"):
        yield url


@pytest.fixture
def worker_configs(sandbox: str, database_url: str) -> list[WorkerConfig]:
    return make_worker_configs(sandbox, database_url)


def test_work_without_notification_is_found(
    worker_configs: list[WorkerConfig], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadops.delivery.outbox_worker.POLL_SECONDS", 0.3)
    workers = OutboxWorkers(worker_configs)
    workers.start()
    try:
        until(lambda: workers.states() == {"ma": "on", "crm": "on"})
        time.sleep(0.2)
        connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
            " values ('ma', 'upsert_lead', 7, '{\"email\": \"polled@worker.example\"}', 'k', now())"
        )
        connection.commit()
        until(lambda: has_sent(connection, 1))
    finally:
        workers.stop(seconds=5)


def test_they_stop_in_time_also_while_the_database_is_away(
    worker_configs: list[WorkerConfig], sandbox: str
) -> None:
    lost = WorkerConfig(
        "ma",
        worker_configs[0].endpoint,
        "postgresql://nobody:x@127.0.0.1:1/none",
        worker_configs[0].settings,
        worker_configs[0].clock,
    )
    workers = OutboxWorkers([lost, worker_configs[1]])
    workers.start()
    until(lambda: workers.states() == {"ma": "waiting", "crm": "on"})
    started = time.monotonic()
    workers.stop(seconds=2 * PATIENCE)
    assert time.monotonic() - started < PATIENCE
    assert workers.states() == {"ma": "off", "crm": "off"}


def test_score_changes_are_left_to_the_minute(worker_configs: list[WorkerConfig], database_url: str) -> None:
    with connect(database_url) as own:
        own.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (1, 5, 'fit', 'rule', 'r', now(), now(), 0, 'r')"
        )
        own.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
            " values ('ma', 'upsert_lead', 1, '{\"email\": \"score@worker.example\"}', 'k', now())"
        )
    workers = OutboxWorkers(worker_configs)
    workers.start()
    try:
        with connect(database_url) as own:
            until(lambda: has_sent(own, 1))
            assert own.execute("select count(*) from delivery.batches").fetchone() == (0,)
    finally:
        workers.stop(seconds=5)
    with psycopg.connect(database_url) as own_again:
        row = own_again.execute("select external_id from delivery.external_ids where lead_id = 1").fetchone()
    assert row


def test_they_notice_a_database_that_went_back_and_go_on_after_the_hold(
    worker_configs: list[WorkerConfig],
    connection: Connection,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("leadops.delivery.outbox_worker.POLL_SECONDS", 0.2)
    mark = open_mark(tmp_path)
    assert mark is not None
    assert mark.advance(connection, now=worker_configs[0].clock())
    connection.execute("update delivery.marks set mark = 0")
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
        " values ('ma', 'upsert_lead', 7, '{\"email\": \"held@worker.example\"}', 'k', now())"
    )
    connection.commit()
    workers = OutboxWorkers([replace(config, mark=mark) for config in worker_configs])
    workers.start()
    try:
        until(lambda: workers.states() == {"ma": "on", "crm": "on"})
        until(lambda: is_held(connection))
        for _ in range(2):  # all of them have been round since
            time.sleep(0.5)
            assert not has_sent(connection, 1)
        connection.execute("update delivery.holds set opened_at = now(), epoch = 'e1'")
        connection.commit()
        until(lambda: has_sent(connection, 1))
    finally:
        workers.stop(seconds=5)
    assert mark.check(connection, now=worker_configs[0].clock()) is None


def is_held(connection: Connection) -> bool:
    connection.rollback()
    return connection.execute("select count(*) from delivery.holds").fetchone() == (1,)
