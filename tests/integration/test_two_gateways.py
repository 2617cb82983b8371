"""Two gateways behind one address are as one: what one took counts once, and a limit holds at both."""

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from leadops.db import Connection
from leadops_sandbox.serve import serve_in_thread
from tests.conftest import free_port
from tests.gateway.conftest import FORM_SECRETS, SITE, Serve, serve
from tests.gateway.form_sender import FormSender
from tests.integration.gateway_process import (
    START,
    WRITE_KEY,
    GatewayProcess,
    assert_once_in_both,
    running,
    send,
    send_many,
)
from tests.outbox_workers import has_sent, make_worker_configs
from tests.plain_http import NO_TLS
from tests.waiting import PATIENCE, wait_until

__all__ = ["serve"]

#: Browsers may send six events at once, and one in a thousand seconds.
STRICT = f'allowed_origins: ["{SITE}"]\nbrowsers: {{events_per_second: 0.001, burst: 6}}\n'


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[str]:
    with serve_in_thread(tmp_path / "sandbox", sales_work=False) as url:
        yield url


@pytest.fixture
def pair(database_url: str, sandbox: str, tmp_path: Path) -> Iterator[list[GatewayProcess]]:
    """Two gateways on one port, each with one of its own."""
    config, port = tmp_path / "config", free_port()
    config.mkdir()
    (config / "gateway.yaml").write_text(STRICT)
    with ExitStack() as both:
        yield [
            both.enter_context(
                running(GatewayProcess(database_url, sandbox, port, own_port=free_port(), config=config))
            )
            for _ in range(2)
        ]


def event(name: str) -> dict[str, Any]:
    return {
        "event_id": name,
        "event": "view_pricing",
        "ts": datetime.now(UTC).isoformat(),
        "anonymous_id": f"a-{name}",
    }


def send_event(url: str, name: str) -> dict[str, Any]:
    """Send an event as a server does: again, until there is a 202; return the answer."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            answer = httpx.post(
                f"{url}/collect",
                json=event(name),
                headers={"X-Write-Key": WRITE_KEY},
                timeout=10,
                trust_env=False,
                verify=NO_TLS,
            )
        except httpx.HTTPError:
            time.sleep(0.1)
            continue
        if answer.status_code == 202:
            found: dict[str, Any] = answer.json()
            return found
        assert answer.status_code == 503, answer.text
        time.sleep(0.1)
    raise AssertionError("no 202 in time")


def test_what_both_get_counts_once_a_limit_holds_at_both_and_a_killed_one_loses_nothing(
    pair: list[GatewayProcess], database_url: str, sandbox: str, connection: Connection
) -> None:
    send_the_same_to_both(pair)
    exceed_a_limit(pair)
    url = pair[0].url
    assert pair[1].url == url

    def kill_one_after_the_other() -> None:
        time.sleep(0.5)
        pair[0].kill(signal.SIGKILL)
        time.sleep(0.5)  # the other one serves alone
        pair[0].start()
        wait_until(pair[0].is_healthy, seconds=START)
        pair[1].kill(signal.SIGKILL)

    with ThreadPoolExecutor(2) as pool:
        events = [pool.submit(send_event, url, f"e-{number % 80}") for number in range(100)]
        ids = send_many(url, 80, kill_one_after_the_other)
        for each in events:
            each.result(timeout=2 * PATIENCE)
    assert len(set(ids)) == 80
    rows = connection.execute("select count(*) from cdp.events where event_id like 'e-%'").fetchall()
    assert rows == [(80,)]
    connection.execute("delete from cdp.events where event_id not like 'form-%'")
    connection.commit()
    assert_once_in_both(database_url, sandbox, 80)


def send_the_same_to_both(pair: list[GatewayProcess]) -> None:
    """Send events and forms to both gateways at the same time; one of the two counts."""
    urls = [gateway.own_url for gateway in pair]
    with ThreadPoolExecutor(8) as pool:
        sent = [[pool.submit(send_event, url, f"e-{number}") for url in urls] for number in range(30)]
        forms = [
            [
                pool.submit(
                    send, url, {"submission_id": f"s-{number}", "email": f"person{number}@forms.example"}
                )
                for url in urls
            ]
            for number in range(20)
        ]
    for answers in sent:
        found = [answer.result() for answer in answers]
        assert [sum(each[key] for each in found) for key in ("accepted", "duplicates")] == [1, 1]
    ids = [{answer.result() for answer in answers} for answers in forms]
    assert all(len(each) == 1 for each in ids), "both answer with the id of the one submission"
    assert len(set.union(*ids)) == 20


def exceed_a_limit(pair: list[GatewayProcess]) -> None:
    """Send as a browser until the first gateway refuses; the second one hears of it."""
    with ExitStack() as clients:
        first, second = (
            clients.enter_context(
                httpx.Client(
                    base_url=gateway.own_url,
                    headers={"Origin": SITE},
                    timeout=60,
                    trust_env=False,
                    verify=NO_TLS,
                )
            )
            for gateway in pair
        )
        answers = [first.post("/collect", json=event(f"b-{number}")).status_code for number in range(7)]
        assert answers == [202] * 6 + [429]

        def ask_the_second() -> httpx.Response | None:
            answer = second.post("/collect", json=event("b-9"))
            return answer if answer.status_code == 429 else None

        refused = wait_until(ask_the_second, pause=0.1)
        # 1,000 s for the next event, and for each that the second took before it heard of the first.
        assert 500 < int(refused.headers["retry-after"]) <= 7000
        assert first.post("/collect", json=event("b-9")).status_code == 429


def test_a_form_at_a_gateway_without_connections_wakes_the_workers_of_the_other(
    serve: Serve,
    sandbox: str,
    database_url: str,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # They are woken: with this pause, none would just happen to look in time.
    monkeypatch.setattr("leadops.delivery.outbox_worker.POLL_SECONDS", 3600)
    taking, sending = serve(), serve(worker_configs=make_worker_configs(sandbox, database_url))
    wait_until(lambda: sending.get("/healthz").json()["delivery"] == {"ma": "on", "crm": "on"})
    assert taking.get("/healthz").json()["delivery"] == {"ma": "off", "crm": "off"}
    sender = FormSender(taking, FORM_SECRETS[0])
    assert sender.post({"email": "ann@other.example"}).status_code == 202
    wait_until(lambda: has_sent(connection, 2))
