import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

from leadops.cli.gateway import gateway
from leadops.errors import LeadopsError
from leadops.gateway.serve import listen
from tests.plain_http import NO_TLS

ENTRY = (
    "import typer; from leadops.cli.gateway import gateway;"
    " app = typer.Typer(pretty_exceptions_enable=False); app.command()(gateway); app()"
)

SECRETS = {
    "LEADOPS_WRITE_KEY": "w" * 32,
    "LEADOPS_METRICS_TOKEN": "m" * 32,
    "LEADOPS_FORM_SECRETS": "f" * 32,
}

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **changes: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "LEADOPS_DATABASE_URL": database_url, **SECRETS, **changes}
        process = subprocess.Popen(
            [sys.executable, "-c", ENTRY, *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def test_it_serves_until_it_is_told_to_stop(start: Start) -> None:
    process = start("--port", "0")
    assert process.stdout
    url = process.stdout.readline().split()[-1].removesuffix("/collect")
    assert httpx.get(f"{url}/healthz", trust_env=False, verify=NO_TLS).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)
    assert process.stderr
    assert process.stderr.read() == ""


@pytest.fixture
def complain(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Start a gateway on a port that is taken, with other variables; return what it complains of.

    It is asked in this process: each start of another takes seconds.
    """
    interval = sys.getswitchinterval()
    with listen("127.0.0.1", 0) as taken:

        def start(**changes: str) -> str:
            for name, value in {**SECRETS, "LEADOPS_DATABASE_URL": database_url, **changes}.items():
                monkeypatch.setenv(name, value)
            with pytest.raises(LeadopsError) as refused:
                gateway(port=taken.getsockname()[1])
            for name in changes:
                monkeypatch.delenv(name)
            return str(refused.value)

        yield start
    sys.setswitchinterval(interval)


def test_a_missing_secret_and_a_taken_port_are_named(complain: Callable[..., str]) -> None:
    assert "LEADOPS_WRITE_KEY is not set" in complain(LEADOPS_WRITE_KEY="")
    assert "a secret in LEADOPS_METRICS_TOKEN is shorter" in complain(LEADOPS_METRICS_TOKEN="short")
    assert "LEADOPS_FORM_SECRETS is not set" in complain(LEADOPS_FORM_SECRETS="")
    assert "shorter than 16" in complain(LEADOPS_FORM_SECRETS="f" * 32 + ",short")
    assert "LEADOPS_DATABASE_URL is not set" in complain(LEADOPS_DATABASE_URL="")
    assert "LEADOPS_FORM_TYPEFORM_SECRETS" in complain(LEADOPS_FORM_TYPEFORM_SECRETS="short")
    assert "a secret in LEADOPS_PUBLIC_WRITE_KEY is shorter" in complain(LEADOPS_PUBLIC_WRITE_KEY="short")
    assert "LEADOPS_PUBLIC_WRITE_KEY is LEADOPS_WRITE_KEY" in complain(LEADOPS_PUBLIC_WRITE_KEY="w" * 32)
    ma = {"host": "https://ma.example.com", "password": "t" * 16, "extra": {"ca": "/nowhere/ca.pem"}}
    assert "no file /nowhere/ca.pem" in complain(AIRFLOW_CONN_LEADOPS_MA=json.dumps(ma))
    assert "choose another" in complain()
