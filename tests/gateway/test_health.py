import os
import secrets
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from leadops.db import Connection, connect
from leadops.delivery.outbox_worker import WorkerConfig
from leadops.incidents.task_results import beat
from leadops.migrations.rights import Part
from leadops.settings import Endpoint, postgres_url
from leadops.watchdog.watchdog_config import WatchdogConfig, WatchdogSources
from leadops_stack.postgres import PostgresServer
from tests.gateway.conftest import KEY, Serve
from tests.held_rows import AWAITED
from tests.roles import as_role, name_role
from tests.shipped import SHIPPED
from tests.waiting import PATIENCE, wait_until
from tests.whole_database import dump_database

DISK_FULL = "The disk of the database is full; free space on it."
#: How many rows were ever written to the events, those that were rolled back included.
TRIED = "select last_value from cdp.events_seq_seq"
SOURCES = WatchdogSources(SHIPPED.alerts, SHIPPED.company)


def test_well(serve: Serve) -> None:
    client = serve()
    assert client.get("/healthz").status_code == 200
    assert client.head("/healthz").status_code == 200


def test_it_says_when_the_checks_last_ran(serve: Serve, database_url: str) -> None:
    now = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)
    client = serve(clock=lambda: now, health_cache_seconds=0)
    assert client.get("/healthz").json()["checks"] == {"last_at": None, "age_seconds": None}
    with connect(database_url) as connection:
        beat(connection, "check_alerts", now=now - timedelta(minutes=12))
        beat(connection, "score_leads", now=now)
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json()["checks"] == {"last_at": "2026-07-30T16:48:00+00:00", "age_seconds": 720.0}


def test_a_gateway_watches_whether_tasks_run(serve: Serve) -> None:
    looked = threading.Event()

    def read_sources() -> WatchdogSources:
        looked.set()
        return SOURCES

    config = WatchdogConfig(
        seen_by="gateway on a",
        database_url="postgresql://nobody:x@127.0.0.1:1/none",
        airflow_database_url="",
        read_sources=read_sources,
        shipped=SOURCES,
        open_chat=lambda _: None,  # type: ignore[arg-type,return-value]
        clock=lambda: datetime.now(UTC),
    )
    assert serve(watchdog=config).get("/healthz").status_code == 200
    assert looked.wait(PATIENCE)


def test_no_database(serve: Serve) -> None:
    response = serve(url="postgresql://nobody:x@127.0.0.1:1/none", health_seconds=0.3).get("/healthz")
    assert response.status_code == 503
    assert response.headers["content-type"] == "application/problem+json"


def test_no_tables(serve: Serve, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("drop schema cdp cascade")
    response = serve().get("/healthz")
    assert (response.status_code, "leadops migrate" in response.json()["detail"]) == (503, True)


def test_no_writes(serve: Serve, database_url: str) -> None:
    name = database_url.rsplit("/", 1)[1]
    with psycopg.connect(database_url) as connection:
        connection.execute(f"alter database {name} set default_transaction_read_only = on")
    response = serve().get("/healthz")
    assert (response.status_code, "primary" in response.json()["detail"]) == (503, True)


RIGHT_TAKEN = "The gateway's role lacks a right in the database; run `leadops migrate --roles`"


def test_a_role_without_a_right(serve: Serve, database_url: str) -> None:
    client = serve(health_cache_seconds=0)
    assert client.get("/healthz").status_code == 200
    with psycopg.connect(database_url, autocommit=True) as owner:
        for table in ("cdp.events", "identity.inbox"):
            role = name_role(Part.GATEWAY)
            owner.execute(f"revoke insert on {table} from {role}".encode())
            response = client.get("/healthz")
            assert (response.status_code, response.json()["detail"].startswith(RIGHT_TAKEN)) == (503, True)
            owner.execute(f"grant insert on {table} to {role}".encode())
    assert client.get("/healthz").status_code == 200


def test_a_try_leaves_nothing(serve: Serve, connection: Connection) -> None:
    before = dump_database(connection)
    client = serve(health_cache_seconds=0)
    for _ in range(3):
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 200
    assert dump_database(connection) == before


def test_a_good_answer_is_kept_for_some_seconds(serve: Serve, database_url: str) -> None:
    client = serve(health_cache_seconds=60)
    assert client.get("/healthz").status_code == 200
    with psycopg.connect(database_url) as owner:
        tried = owner.execute(TRIED).fetchone()
        for _ in range(20):
            assert client.get("/healthz").status_code == 200
        owner.rollback()
        assert owner.execute(TRIED).fetchone() == tried
        owner.execute(f"revoke insert on cdp.events from {name_role(Part.GATEWAY)}".encode())
        owner.commit()
    assert client.get("/healthz").status_code == 200


def test_what_a_sender_met_is_known_at_once(serve: Serve, database_url: str, item: dict[str, Any]) -> None:
    client = serve(health_cache_seconds=60)
    assert client.get("/healthz").status_code == 200
    with psycopg.connect(database_url) as owner:
        owner.execute(f"revoke insert on cdp.events from {name_role(Part.GATEWAY)}".encode())
    assert client.post("/collect", json=item, headers={"X-Write-Key": KEY}).status_code == 503
    response = client.get("/healthz")
    assert (response.status_code, response.json()["detail"].startswith(RIGHT_TAKEN)) == (503, True)


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder on a disk of its own with 24 MB; only root can mount one."""
    folder = Path(tempfile.mkdtemp(prefix="leadops-disk-"))
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        folder.rmdir()
        pytest.skip("no disk can be mounted here")
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


@pytest.mark.skipif(shutil.which("mount") is None or os.geteuid() != 0, reason="only root mounts a disk")
def test_a_full_disk(
    serve: Serve, database_url: str, postgres: PostgresServer, small_disk: Path, item: dict[str, Any]
) -> None:
    place = small_disk / "space"
    place.mkdir()
    if postgres.account:
        postgres.account.own(place)
    name = f"small_{secrets.token_hex(4)}"
    client = serve(health_cache_seconds=0)
    headers = {"X-Write-Key": KEY}
    with psycopg.connect(database_url, autocommit=True) as owner:
        owner.execute(f"create tablespace {name} location '{place}'".encode())
        try:
            owner.execute(f"alter table cdp.events set tablespace {name}".encode())
            assert client.get("/healthz").status_code == 200
            filling = small_disk / "filling"
            fill(filling)
            for number in range(400):  # until the pages that are there are full
                sent = client.post("/collect", json={**item, "event_id": f"e-{number}"}, headers=headers)
                if sent.status_code == 503:
                    break
            assert sent.status_code == 503
            response = client.get("/healthz")
            assert (response.status_code, response.json()["detail"]) == (503, DISK_FULL)
            ready = client.get("/readyz")
            assert ready.status_code == 503
            assert ready.json()["parts"]["database"] == {"ready": False, "reason": DISK_FULL}
            filling.unlink()
            assert client.get("/healthz").status_code == 200
            assert client.post("/collect", json=item, headers=headers).status_code == 202
        finally:
            owner.execute(b"alter table cdp.events set tablespace pg_default")
            owner.execute(f"drop tablespace {name}".encode())


def fill(file: Path) -> None:
    """Write until the disk is full."""
    with file.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(b"x" * 4096)


def test_readiness_names_the_part_that_does_not_work(serve: Serve, connection: Connection) -> None:
    now = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)
    endpoint = Endpoint(base_url="http://127.0.0.1:1", token="x" * 20)
    url = as_role(make_url(connection), Part.GATEWAY)
    configs = [WorkerConfig(name, endpoint, url, SHIPPED.delivery, lambda: now) for name in ("ma", "crm")]
    client = serve(
        clock=lambda: now, worker_configs=configs, refused=("gateway.yaml",), health_cache_seconds=0
    )
    connection.execute(
        "insert into delivery.targets (target, tokens, refilled_at, paused_until, pause_reason)"
        " values ('crm', 0, %(now)s, %(now)s + interval '90 s', 'HTTP 401')"
        " on conflict (target) do update set paused_until = excluded.paused_until",
        {"now": now},
    )
    connection.commit()

    def are_on() -> bool:
        return client.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"}

    wait_until(are_on)
    response = client.get("/readyz")
    assert response.status_code == 503
    until = "2026-07-30T17:01:30+00:00"
    assert response.json() == {
        "status": "not ready",
        "parts": {
            "database": {"ready": True, "reason": ""},
            "settings": {
                "ready": False,
                "reason": "the former settings are in force in place of gateway.yaml",
            },
            "ma": {"ready": True, "reason": ""},
            "crm": {
                "ready": False,
                "reason": f"it asked for a pause or does not answer; calls wait until {until}",
            },
        },
    }
    assert client.get("/healthz").status_code == 200  # events are taken all the same


def make_url(connection: Connection) -> str:
    info = connection.info
    return postgres_url(
        user=info.user, password=info.password, host=info.host, port=info.port, database=info.dbname
    )


def test_a_worker_that_waits_for_its_database_is_not_ready(serve: Serve) -> None:
    endpoint = Endpoint(base_url="http://127.0.0.1:1", token="x" * 20)
    nowhere = "postgresql://nobody:x@127.0.0.1:1/none"
    config = WorkerConfig("ma", endpoint, nowhere, SHIPPED.delivery, lambda: datetime.now(UTC))
    parts = serve(worker_configs=[config]).get("/readyz").json()["parts"]
    assert parts["ma"] == {"ready": False, "reason": "its outbox worker waits for the database"}
    assert "crm" not in parts


def test_a_gateway_without_targets_is_ready(serve: Serve) -> None:
    response = serve().get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ready",
        "parts": {"database": {"ready": True, "reason": ""}, "settings": {"ready": True, "reason": ""}},
    }
    assert serve().head("/readyz").status_code == 200


def test_a_stuck_database_is_not_waited_for(serve: Serve, database_url: str, item: dict[str, Any]) -> None:
    client = serve(health_seconds=1.0, min_connections=1, max_connections=1)
    headers = {"X-Write-Key": KEY}
    with psycopg.connect(database_url, autocommit=True) as watcher, psycopg.connect(database_url) as holder:
        holder.execute("lock table cdp.events in access exclusive mode")
        sender = threading.Thread(
            target=client.post, args=("/collect",), kwargs={"json": item, "headers": headers}
        )
        sender.start()
        wait_until(lambda: watcher.execute(AWAITED).fetchone() == (True,))
        assert client.get("/healthz").status_code == 503
        holder.rollback()
        sender.join()
    assert client.get("/healthz").status_code == 200
