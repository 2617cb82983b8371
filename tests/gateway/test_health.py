import threading
import time
from typing import Any

import psycopg

from tests.gateway.conftest import KEY, Serve


def test_well(serve: Serve) -> None:
    client = serve()
    assert client.get("/healthz").status_code == 200
    assert client.head("/healthz").status_code == 200


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
