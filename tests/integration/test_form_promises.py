"""Every form that got a 202 ends in the MA and in the CRM, once: whatever is killed, down or restarted."""

import random
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import requests

from leadops.alerts.checks import CHECKS
from leadops.db import connect
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.outbox_worker import OutboxWorkers, WorkerConfig
from leadops.delivery.push import push_target
from leadops.delivery.score_pusher import ScorePusher
from leadops.identity.resolve import resolve_events
from leadops.incidents.run_checks import run_checks
from leadops.migrations.run import migrate
from leadops.scoring.score import score_leads
from leadops.settings import Endpoint
from leadops.sla.sla_policy import SlaCalendar
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from leadops_stack.postgres import PostgresServer
from tests.conftest import free_port
from tests.integration.gateway_process import (
    GatewayProcess,
    assert_once_in_both,
    is_quiet,
    running,
    send,
    send_many,
)
from tests.plain_http import NO_TLS
from tests.promises import in_turn
from tests.shipped import SHIPPED
from tests.waiting import wait_until


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    with serve_in_thread(tmp_path / "sandbox", sales_work=False) as url:
        yield url


def test_a_gateway_that_is_killed_again_and_again_loses_nothing(database_url: str, sandbox: str) -> None:
    with running(GatewayProcess(database_url, sandbox)) as gateway:
        chance = random.Random(11)

        def kill_and_start() -> None:
            for how in (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
                time.sleep(chance.uniform(0.1, 1.2))
                gateway.kill(how)
                gateway.start()
                wait_until(gateway.is_healthy)

        ids = send_many(gateway.url, 120, kill_and_start)
        assert len(set(ids)) == 120
        assert_once_in_both(database_url, sandbox, 120)


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A cluster that may be stopped."""
    root = Path(tempfile.mkdtemp(prefix="leadops-test-"))
    root.chmod(0o755)
    server = PostgresServer(root / "pg", port=free_port(), password=secrets.token_hex(8))
    server.start()
    try:
        with psycopg.connect(server.url(), autocommit=True) as admin:
            admin.execute("create database leadops")
        with connect(server.url("leadops")) as connection:
            migrate(connection)
        yield server
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)


def test_a_database_that_is_restarted_loses_nothing(own_postgres: PostgresServer, sandbox: str) -> None:
    url = own_postgres.url("leadops")
    with running(GatewayProcess(url, sandbox)) as gateway:

        def restart() -> None:
            for _ in range(2):
                time.sleep(0.5)
                own_postgres.stop()
                time.sleep(0.3)
                own_postgres.start()

        send_many(gateway.url, 60, restart)
        assert_once_in_both(url, sandbox, 60)


@dataclass
class Town:
    """A gateway with outbox workers in this process, on a clock that can be put forward."""

    database_url: str
    sandbox: str
    ahead: timedelta = timedelta()

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def worker_configs(self) -> list[WorkerConfig]:
        settings = SHIPPED.delivery
        return [
            WorkerConfig(name, Endpoint(base_url=self.sandbox, token=token, timeout=60), *rest)
            for name, token in (("ma", Tokens().ma), ("crm", Tokens().crm))
            for rest in [(self.database_url, settings, self.clock)]
        ]

    def incidents(self) -> list[tuple[str, str, str]]:
        with connect(self.database_url) as connection:
            run_checks(
                connection,
                CHECKS,
                settings=SHIPPED.alerts,
                calendar=SlaCalendar(SHIPPED.sla),
                now=self.clock(),
            )
            return connection.execute(  # type: ignore[return-value]
                "select kind, subject, state from incidents.incidents order by incident_id"
            ).fetchall()


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (target, kind)
        for number, target in enumerate(["ma", "crm"])
        for kind in in_turn(["500", "reset_before", "reset_after"], number, of=2)
    ],
)
def test_an_hour_without_the_other_side_is_told_and_made_up_for(
    database_url: str, sandbox: str, monkeypatch: pytest.MonkeyPatch, target: str, kind: str
) -> None:
    monkeypatch.setattr("leadops.delivery.outbox_worker.POLL_SECONDS", 0.1)
    monkeypatch.setattr("leadops.delivery.outbox_worker.PAUSE_AFTER_FAILURE", 0.05)
    town = Town(database_url, sandbox)
    fault = {"target": target, "kind": kind, "path": "/*/leads"}
    with running(GatewayProcess(database_url, "http://127.0.0.1:1")) as gateway:
        requests.post(f"{sandbox}/_faults", json=fault, timeout=60).raise_for_status()
        for number in range(12):
            send(gateway.url, {"submission_id": f"s-{number}", "email": f"person{number}@forms.example"})
    workers = OutboxWorkers(town.worker_configs())
    workers.start()
    try:
        for _ in range(60):
            town.ahead += timedelta(minutes=1)
            time.sleep(0.02)
            if town.ahead == timedelta(minutes=30):
                assert ("outbox_waiting", target, "open") in town.incidents()
        requests.delete(f"{sandbox}/_faults", timeout=60).raise_for_status()

        def arrived() -> bool:
            town.ahead += timedelta(seconds=30)
            return is_quiet(database_url)

        wait_until(arrived)
    finally:
        workers.stop(seconds=10)
    assert_once_in_both(database_url, sandbox, 12)
    town.incidents()
    town.ahead += timedelta(minutes=4)
    assert ("outbox_waiting", target, "resolved") in town.incidents()


def test_score_changes_wait_for_the_lead_and_follow_in_order(database_url: str, sandbox: str) -> None:
    """While the MA is down a form and later visits give points; once it is back the lead comes first."""
    town = Town(database_url, sandbox)
    settings = SHIPPED.delivery
    endpoint = Endpoint(base_url=sandbox, token=Tokens().ma, timeout=60)

    def push_all(pusher_type: type[EffectPusher]) -> None:
        now = town.clock()
        options: dict[str, Any] = {"sleep": time.sleep, "until": now + timedelta(seconds=5)}
        push_target(
            database_url=database_url,
            endpoint=endpoint,
            target="ma",
            pusher_type=pusher_type,
            settings=settings,
            clock=town.clock,
            **options,
        )

    def minute() -> None:
        with connect(database_url) as connection:
            resolve_events(connection, now=town.clock(), settings=SHIPPED.identity)
            zone = SHIPPED.company.zone
            rules = SHIPPED.scoring
            score_leads(connection, rules=rules, zone=zone, now=town.clock())

    with running(GatewayProcess(database_url, "http://127.0.0.1:1")) as gateway:
        send(gateway.url, {"email": "person0@forms.example", "anonymous_id": "a-1"})
        minute()
        for number, name in enumerate(("view_pricing", "request_document")):
            event = {"event_id": f"e-{number}", "event": name, "ts": datetime.now(UTC).isoformat()}
            answer = httpx.post(
                f"{gateway.url}/collect",
                json=event | {"anonymous_id": "a-1"},
                headers={"X-Write-Key": "w" * 32},
                trust_env=False,
                verify=NO_TLS,
            )
            assert answer.json()["accepted"] == 1
            minute()
    fault = {"target": "ma", "kind": "500", "path": "/api/leads"}
    requests.post(f"{sandbox}/_faults", json=fault, timeout=60).raise_for_status()
    push_all(ScorePusher)
    with connect(database_url) as connection:
        wanted = connection.execute("select seq, points from scoring.ledger order by seq").fetchall()
    assert len(wanted) >= 3
    applied = requests.get(f"{sandbox}/_state/ma/applied", timeout=60).json()["items"]
    assert applied == [], "nobody can score whom the MA does not know"
    requests.delete(f"{sandbox}/_faults", timeout=60).raise_for_status()
    town.ahead += timedelta(minutes=5)
    push_all(EffectPusher)
    push_all(ScorePusher)
    applied = requests.get(f"{sandbox}/_state/ma/applied", timeout=60).json()["items"]
    assert [(int(row["deltaId"].rpartition("-")[2]), row["delta"]) for row in applied] == wanted
