"""`leadops gateway` as processes that can be killed, and senders that send again until there is a 202."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import requests

from leadops.db import connect
from leadops.errors import LeadopsError
from leadops.intake.signature import sign
from leadops.products.product_client import ProductClient
from leadops.settings import Endpoint
from leadops_sandbox.settings import Tokens
from tests.conftest import free_port
from tests.plain_http import NO_TLS
from tests.waiting import PATIENCE, wait_until

SECRET = "test-form-secret-0123"
ENTRY = "from leadops.cli.app import run; run()"
#: Seconds that a gateway may take to start: on a busy machine its imports alone take a minute.
START = 5 * PATIENCE
WRITE_KEY, METRICS_TOKEN = "w" * 32, "m" * 32


@dataclass
class GatewayProcess:
    """`leadops gateway` as a process that can be killed and started again on the same port.

    With `own_port` others may listen on `port` too, and its health is asked there. `config` is a folder with
    settings.
    """

    database_url: str
    sandbox: str
    port: int = field(default_factory=free_port)
    own_port: int | None = None
    config: Path | None = None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def own_url(self) -> str:
        return f"http://127.0.0.1:{self.own_port or self.port}"

    def start(self) -> None:
        port = int(self.sandbox.rpartition(":")[2])

        def connection(token: str) -> str:
            return json.dumps(
                {"conn_type": "http", "host": "http://127.0.0.1", "port": port, "password": token}
            )

        environment = os.environ | {
            "LEADOPS_DATABASE_URL": self.database_url,
            "LEADOPS_WRITE_KEY": WRITE_KEY,
            "LEADOPS_METRICS_TOKEN": METRICS_TOKEN,
            "LEADOPS_FORM_SECRETS": SECRET,
            "AIRFLOW_CONN_LEADOPS_MA": connection(Tokens().ma),
            "AIRFLOW_CONN_LEADOPS_CRM": connection(Tokens().crm),
        }
        if self.config is not None:
            environment["LEADOPS_CONFIG_DIR"] = str(self.config)
        command = [sys.executable, "-c", ENTRY, "gateway", "--port", str(self.port)]
        if self.own_port is not None:
            command += ["--own-port", str(self.own_port)]
        self.process = subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.process:
            self.process.send_signal(how)
            self.process.wait(timeout=PATIENCE)

    def is_healthy(self) -> bool:
        try:
            return (
                httpx.get(f"{self.own_url}/healthz", timeout=60, trust_env=False, verify=NO_TLS).status_code
                == 200
            )
        except httpx.HTTPError:
            return False


@contextmanager
def running(gateway: GatewayProcess) -> Iterator[GatewayProcess]:
    gateway.start()
    try:
        wait_until(gateway.is_healthy, seconds=START)
        yield gateway
    finally:
        gateway.kill()


def send(url: str, form: dict[str, Any], *, seconds: float = 2 * PATIENCE) -> str:
    """Send a form as a patient sender does: again, newly signed, until there is a 202; return its id."""
    body, deadline = json.dumps(form).encode(), time.monotonic() + seconds
    while time.monotonic() < deadline:
        timestamp = str(int(time.time()))
        headers = {
            "X-Timestamp": timestamp,
            "X-Signature": sign(SECRET, timestamp, body),
            "Content-Type": "application/json",
        }
        try:
            answer = httpx.post(
                f"{url}/webhook/form",
                content=body,
                headers=headers,
                timeout=10,
                trust_env=False,
                verify=NO_TLS,
            )
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status_code == 202:
            return str(answer.json()["id"])
        assert answer.status_code == 503, answer.text
        time.sleep(0.1)
    raise AssertionError("no 202 in time")


def send_many(url: str, count: int, disturb: Callable[[], None]) -> list[str]:
    """Send `count` forms of as many people, a third of them twice, while `disturb` does its worst."""
    forms = [{"submission_id": f"s-{n}", "email": f"person{n}@forms.example"} for n in range(count)]
    forms += forms[::3]
    random.Random(3).shuffle(forms)
    trouble = threading.Thread(target=disturb)
    trouble.start()
    with ThreadPoolExecutor(4) as pool:

        def one(form: dict[str, Any]) -> str:
            time.sleep(0.05)
            return send(url, form)

        ids = list(pool.map(one, forms))
    trouble.join()
    return ids


def emails_in_ma(sandbox: str) -> list[str]:
    client = ProductClient(Endpoint(base_url=sandbox, token=Tokens().ma))
    try:
        return sorted(lead.email for lead in client.iterate_leads() if lead.email)
    finally:
        client.transport.close()


def is_quiet(database_url: str) -> bool:
    try:
        with connect(database_url) as connection:
            row = connection.execute(
                "select count(*) from delivery.outbox where state in ('pending', 'sending')"
            ).fetchone()
    except (psycopg.Error, LeadopsError):  # the database is on its way up
        return False
    return row == (0,)


def assert_once_in_both(database_url: str, sandbox: str, count: int) -> None:
    wait_until(lambda: is_quiet(database_url))
    assert emails_in_ma(sandbox) == sorted(f"person{n}@forms.example" for n in range(count))
    state = requests.get(f"{sandbox}/_state", timeout=60).json()
    assert state["crm"]["leads"] == count
    with connect(database_url) as connection:
        row = connection.execute(
            "select (select count(*) from intake.raw_leads), (select count(*) from cdp.events),"
            " (select count(*) from identity.leads), (select count(*) from delivery.dead_letters)"
        ).fetchone()
    assert row == (count, count, count, 0)
