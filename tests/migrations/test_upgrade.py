"""The next version takes over while events and forms come in: nothing is lost, nothing is stored twice."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from leadops.db import Connection, connect
from leadops.migrations.rights import Part
from tests.gateway.conftest import FORM_SECRETS, KEY, TOKEN, Serve, serve
from tests.gateway.form_sender import FormSender
from tests.migrations.next_version import CONTRACT, EXPAND, Version
from tests.plain_http import NO_TLS
from tests.roles import as_role
from tests.steady_senders import SteadySender, sending
from tests.waiting import wait_until

__all__ = ["serve"]

SECRETS = {
    "LEADOPS_WRITE_KEY": KEY,
    "LEADOPS_METRICS_TOKEN": TOKEN,
    "LEADOPS_FORM_SECRETS": ",".join(FORM_SECRETS),
}


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Version]:
    """The next version, and the one after it."""
    folder = tmp_path_factory.mktemp("versions")
    return {
        "next": Version(folder / "next", EXPAND),
        "after": Version(folder / "after", EXPAND | CONTRACT),
    }


@pytest.fixture
def next_gateway(versions: dict[str, Version], database_url: str) -> Iterator[str]:
    """The address of a gateway of the next version."""
    process = versions["next"].start(
        *("gateway", "--port", "0"), LEADOPS_DATABASE_URL=as_role(database_url, Part.GATEWAY), **SECRETS
    )
    assert process.stdout
    yield process.stdout.readline().split()[-1].removesuffix("/collect")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)


class RunningMigration:
    """`leadops migrate` of a version, and the lines that it has printed so far."""

    def __init__(self, version: Version, url: str) -> None:
        self.process = version.start("migrate", LEADOPS_DATABASE_URL=url)
        self.lines: list[str] = []
        self.reader = Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        self.lines.extend(iter(self.process.stdout.readline, ""))

    def finish(self) -> str:
        """Return all that it printed; it must have succeeded."""
        assert self.process.wait(timeout=120) == 0, self.process.stderr and self.process.stderr.read()
        self.reader.join(timeout=60)
        return "".join(self.lines)


def ask_health(address: str) -> tuple[int, str]:
    answer = httpx.get(f"{address}/healthz", timeout=60, trust_env=False, verify=NO_TLS)
    return answer.status_code, answer.json().get("detail", "")


def send_event(address: str, number: int) -> httpx.Response:
    item: dict[str, Any] = {"event_id": f"e-{number}", "event": "x", "ts": "2026-07-01T00:00:00Z"}
    headers = {"X-Write-Key": KEY, "X-Leadops-History": "true"}
    body = item | {"anonymous_id": f"a-{number}"}
    return httpx.post(
        f"{address}/collect", json=body, headers=headers, timeout=60, trust_env=False, verify=NO_TLS
    )


def send_form(address: str, number: int) -> httpx.Response:
    with httpx.Client(base_url=address, timeout=60, trust_env=False, verify=NO_TLS) as client:
        return FormSender(client, FORM_SECRETS[0]).post({"email": f"form{number}@buyer.example"})


def test_the_next_version_takes_over_under_traffic(
    serve: Serve,
    database_url: str,
    connection: Connection,
    versions: dict[str, Version],
    next_gateway: str,
) -> None:
    fast = {"events_per_second": 1e6, "burst": 1e6}
    gateway = str(serve(senders=fast, forms={"signers": fast}).base_url).rstrip("/")
    address = gateway
    senders = {
        "event": SteadySender(send_event, lambda: address),
        "form": SteadySender(send_form, lambda: address),
    }

    def go_on() -> None:
        for sender in senders.values():
            sender.go_on()

    lacks = "The database lacks 0901_hints.sql; run `leadops migrate`."
    assert ask_health(next_gateway) == (503, lacks), "started before its migrations it says so, and waits"
    with sending(senders):
        go_on()
        with connect(database_url) as reader:
            reader.execute("select from cdp.events limit 1")  # a long query, in whose way the column is
            migration = RunningMigration(versions["next"], database_url)
            wait_until(lambda: "0901_hints.sql waits" in "".join(migration.lines))
            go_on()
            reader.rollback()
        assert "applied: 0901_hints.sql, 0902_hints_index.sql" in migration.finish()
        go_on()
        assert ask_health(gateway)[0] == 200, "the version before serves on"
        valid = "select indisvalid from pg_index where indexrelid = 'cdp.events_hint'::regclass"
        assert connection.execute(valid).fetchall() == [(True,)]
        connection.rollback()
        wait_until(lambda: ask_health(next_gateway)[0] == 200)
        assert [sender.repeats for sender in senders.values()] == [0, 0]
        address = next_gateway
        go_on()
        assert "applied: 0903_no_hint.sql" in RunningMigration(versions["after"], database_url).finish()
        go_on()
        wait_until(lambda: ask_health(gateway)[0] == 503)
        assert "0903_no_hint.sql, which only versions with 0901_hints.sql" in ask_health(gateway)[1]
        assert ask_health(next_gateway)[0] == 200
    assert [sender.refused for sender in senders.values()] == [[], []]
    events = "select event_id from cdp.events where event = 'x' order by seq"
    assert connection.execute(events).fetchall() == [
        (f"e-{number}",) for number in range(senders["event"].taken)
    ]
    forms = connection.execute("select count(*), count(distinct email) from cdp.events where proof = 'form'")
    assert forms.fetchone() == (senders["form"].taken, senders["form"].taken)

    code, text = versions["next"].run("migrate", LEADOPS_DATABASE_URL=database_url)
    assert code == 1
    assert "has a different 0903_no_hint.sql" in text


def test_a_gateway_of_the_former_version_keeps_its_rights_until_it_is_gone(
    serve: Serve, database_url: str, tmp_path: Path
) -> None:
    """Its own are those that this version ships: each event needs `cdp.events`."""
    gateway = str(serve(senders={"events_per_second": 1e6, "burst": 1e6}).base_url).rstrip("/")
    sender = SteadySender(send_event, lambda: gateway)
    version = Version(tmp_path, {}, unneeded=["cdp.events"])
    with sending({"event": sender}):
        sender.go_on()
        for _ in range(2):  # somebody may run it again meanwhile
            assert version.run("migrate", LEADOPS_DATABASE_URL=database_url) == (0, "nothing to do\n")
            sender.go_on()
    assert (sender.refused, sender.repeats) == ([], 0)
    assert version.run("migrate", "--revoke-former", LEADOPS_DATABASE_URL=database_url)[0] == 0
    assert send_event(gateway, sender.taken).status_code == 503


def test_the_rights_of_the_version_before_the_former_one_are_gone(
    serve: Serve, database_url: str, tmp_path: Path
) -> None:
    gateway = str(serve().base_url).rstrip("/")
    for folder, unneeded, status in [
        ("next", ["cdp.events"], 202),
        ("after", ["cdp.events", "cdp.kept_out"], 503),
    ]:
        version = Version(tmp_path / folder, {}, unneeded)
        assert version.run("migrate", LEADOPS_DATABASE_URL=database_url)[0] == 0
        assert send_event(gateway, 1).status_code == status


@pytest.mark.parametrize(("words", "status"), [(["migrate"], 202), (["migrate", "--offline"], 503)])
def test_offline_nothing_of_the_former_version_runs(
    serve: Serve, database_url: str, tmp_path: Path, words: list[str], status: int
) -> None:
    version = Version(tmp_path, {}, unneeded=["cdp.events"])
    assert version.run(*words, LEADOPS_DATABASE_URL=database_url)[0] == 0
    assert send_event(str(serve().base_url).rstrip("/"), 1).status_code == status
