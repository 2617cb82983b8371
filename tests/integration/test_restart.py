"""PostgreSQL stops or is killed while events come in and points go out: nothing is lost, nothing twice."""

import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from leadops.db import connect
from leadops.errors import TransientError
from leadops.migrations.run import migrate
from leadops_stack.postgres import PostgresServer
from tests.conftest import free_port
from tests.delivery_fixture import DeliveryFixture, clock, impatient
from tests.gateway.conftest import KEY, Serve
from tests.integration.ma_process import MaProcess
from tests.integration.pipeline import Pipeline, item
from tests.scoring.oracle import Happening
from tests.waiting import wait_until

#: How a server ends: as an administrator stops it, or by kill -9.
ENDS: dict[str, Callable[[PostgresServer], None]] = {
    "stopped": PostgresServer.stop,
    "killed": lambda server: os.kill(
        int((server.place / "postmaster.pid").read_text().split()[0]), signal.SIGKILL
    ),
}
OPTIONS = "-c fsync=off"


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster that nobody else needs."""
    root = Path(tempfile.mkdtemp(prefix="leadops-restart-"))
    root.chmod(0o755)
    server = PostgresServer(root / "pg", port=free_port(), password=secrets.token_hex(8))
    server.start(options=OPTIONS)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


@pytest.fixture
def own(cluster: PostgresServer, ma: MaProcess, serve: Serve) -> Iterator[Pipeline]:
    """A pipeline on a database of that cluster."""
    name = f"t_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.url(), autocommit=True) as admin:
        admin.execute(f"create database {name}".encode())
    with connect(cluster.url(name)) as connection:
        migrate(connection)
    ma.start()
    gateway = serve(url=cluster.url(name))
    gateway.headers.update({"X-Write-Key": KEY})
    made = Pipeline(DeliveryFixture(cluster.url(name), ma.url), gateway)
    made.desk.heal()
    yield made
    made.desk.heal()


def visits(count: int) -> list[Happening]:
    """Return visits of the pricing page by ten people, whom the MA has not met."""
    serial, start = time.time_ns(), clock() - timedelta(hours=1)
    return [
        Happening(
            event_id=f"v{number}",
            event="view_pricing",
            ts=start + timedelta(seconds=number),
            email=f"p{number % 10}.{serial}@example.com",
        )
        for number in range(count)
    ]


def restart(cluster: PostgresServer, end: str) -> None:
    ENDS[end](cluster)
    cluster.start(options=OPTIONS)


@pytest.mark.parametrize("end", ENDS)
def test_while_collecting(own: Pipeline, cluster: PostgresServer, end: str) -> None:
    made = visits(800)
    answers: list[int] = []
    new: list[int] = []

    def send(batch: list[Happening]) -> None:
        """Send until it is taken, as senders do."""
        while True:
            response = own.gateway.post("/collect", json=[item(each) for each in batch])
            answers.append(response.status_code)
            if response.status_code == 202:
                new.append(response.json()["accepted"])
                return
            time.sleep(0.05)  # a sender waits before it knocks again

    with ThreadPoolExecutor(4) as pool:
        batches = [made[place : place + 2] for place in range(0, len(made), 2)]
        senders = [pool.submit(send, batch) for batch in batches]
        wait_until(lambda: len(new) > 20)
        restart(cluster, end)
        assert len(new) < len(batches), "all was sent before the restart"
        for sender in senders:
            sender.result(timeout=120)

    assert set(answers) <= {202, 503}
    assert own.desk.value("select count(*) from cdp.events") == len(made)
    assert own.desk.value("select count(*) from identity.inbox") == len(made)
    # A batch whose answer was lost is known already when it comes again; no other is.
    assert len(made) - 2 * answers.count(503) <= sum(new) <= len(made)
    own.finish()
    check(own)


@pytest.mark.parametrize("end", ENDS)
def test_while_pushing(own: Pipeline, cluster: PostgresServer, end: str) -> None:
    own.post(visits(200))
    own.resolve()
    own.score()
    own.desk.settings = impatient(batch_size=1)
    before = own.desk.state()["ma"]["deltas_applied"]
    own.desk.fault("latency", seconds=0.02)

    with ThreadPoolExecutor(1) as pool:
        pusher = pool.submit(own.desk.push)
        wait_until(lambda: own.desk.state()["ma"]["deltas_applied"] > before)
        restart(cluster, end)
        with pytest.raises((psycopg.OperationalError, TransientError)):
            pusher.result(timeout=60)

    deltas = own.desk.value("select count(*) from scoring.ledger")
    assert own.desk.state()["ma"]["deltas_applied"] < before + deltas, "the push was over before the restart"
    own.finish()
    check(own)
    assert own.desk.state()["ma"]["deltas_applied"] == before + deltas


def check(own: Pipeline) -> None:
    """Every person's points agree, and nothing was refused on the way."""
    audit = own.desk.audit()
    assert (audit.leads, audit.differences, audit.under_way) == (10, [], 0)
    assert own.desk.value("select count(*) from delivery.dead_letters") == 0
