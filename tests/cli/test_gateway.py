import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest

ENTRY = (
    "import typer; from leadops.cli.gateway import gateway;"
    " app = typer.Typer(pretty_exceptions_enable=False); app.command()(gateway); app()"
)

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(database_url: str) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **changes: str) -> subprocess.Popen[str]:
        secrets = {
            "LEADOPS_WRITE_KEY": "w" * 32,
            "LEADOPS_METRICS_TOKEN": "m" * 32,
            "LEADOPS_FORM_SECRETS": "f" * 32,
        }
        environment = {**os.environ, "LEADOPS_DATABASE_URL": database_url, **secrets, **changes}
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
    assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) in (0, -signal.SIGTERM)
    assert process.stderr
    assert process.stderr.read() == ""


def test_a_missing_secret_and_a_taken_port_are_named(start: Start) -> None:
    def complaint(*arguments: str, **changes: str) -> str:
        _, errors = start(*arguments, **changes).communicate(timeout=60)
        return errors.strip().splitlines()[-1]

    assert "LEADOPS_WRITE_KEY is not set" in complaint(LEADOPS_WRITE_KEY="")
    assert "a secret in LEADOPS_METRICS_TOKEN is shorter" in complaint(LEADOPS_METRICS_TOKEN="short")
    assert "LEADOPS_FORM_SECRETS is not set" in complaint(LEADOPS_FORM_SECRETS="")
    assert "shorter than 16" in complaint(LEADOPS_FORM_SECRETS="f" * 32 + ",short")
    assert "LEADOPS_DATABASE_URL is not set" in complaint(LEADOPS_DATABASE_URL="")
    assert "LEADOPS_FORM_TYPEFORM_SECRETS" in complaint(LEADOPS_FORM_TYPEFORM_SECRETS="short")
    assert "a secret in LEADOPS_PUBLIC_WRITE_KEY is shorter" in complaint(LEADOPS_PUBLIC_WRITE_KEY="short")
    assert "LEADOPS_PUBLIC_WRITE_KEY is LEADOPS_WRITE_KEY" in complaint(LEADOPS_PUBLIC_WRITE_KEY="w" * 32)
    ma = {"host": "https://ma.example.com", "password": "t" * 16, "extra": {"ca": "/nowhere/ca.pem"}}
    assert "no file /nowhere/ca.pem" in complaint(AIRFLOW_CONN_LEADOPS_MA=json.dumps(ma))
    first = start("--port", "0")
    assert first.stdout
    port = first.stdout.readline().split(":")[-1].split("/")[0]
    assert "choose another" in complaint("--port", port)
