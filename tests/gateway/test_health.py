import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from leadops.db import connect
from leadops.incidents.heartbeats import beat
from leadops.watchdog.watchdog_config import WatchdogConfig, WatchdogSources
from tests.gateway.conftest import KEY, Serve
from tests.shipped import SHIPPED

SOURCES = WatchdogSources(SHIPPED.alerts, SHIPPED.company)


def test_well(serve: Serve) -> None:
    client = serve()
    assert client.get("/healthz").status_code == 200
    assert client.head("/healthz").status_code == 200


def test_it_says_when_the_checks_last_ran(serve: Serve, database_url: str) -> None:
    now = datetime(2026, 7, 30, 17, 0, tzinfo=UTC)
    client = serve(clock=lambda: now)
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
    assert looked.wait(30)


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


def test_a_stuck_database_is_not_waited_for(serve: Serve, database_url: str, item: dict[str, Any]) -> None:
    client = serve(health_seconds=0.3, min_connections=1, max_connections=1)
    headers = {"X-Write-Key": KEY}
    with psycopg.connect(database_url, autocommit=True) as watcher, psycopg.connect(database_url) as holder:
        holder.execute("lock table cdp.events in access exclusive mode")
        sender = threading.Thread(
            target=client.post, args=("/collect",), kwargs={"json": item, "headers": headers}
        )
        sender.start()
        while watcher.execute("select 1 from pg_locks where not granted").fetchone() is None:
            time.sleep(0.01)
        assert client.get("/healthz").status_code == 503
        holder.rollback()
        sender.join()
    assert client.get("/healthz").status_code == 200
