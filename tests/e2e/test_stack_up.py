"""What a person finds after `make up`."""

import stat
import subprocess
import sys
import time

import httpx
import psycopg
import pytest

from leadops_stack.cpu import cpu_seconds
from leadops_stack.pools import POOLS
from leadops_stack.single import supervisor
from tests.dags.test_dags import EXPECTED
from tests.plain_http import NO_TLS

from .conftest import PATIENCE, Stack

pytestmark = pytest.mark.stack


def ask(stack: Stack, query: str) -> int:
    with psycopg.connect(stack.database_url) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return int(row[0])


def wait_for(stack: Stack, query: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ask(stack, query):
        assert time.monotonic() < deadline, f"nothing after {PATIENCE} s: {query}\n{stack.shown()}"
        time.sleep(0.5)


def test_every_dag_is_there_and_runs(stack: Stack) -> None:
    assert stack.airflow("GET", "/importErrors")["import_errors"] == []
    dags = {dag["dag_id"]: dag for dag in stack.airflow("GET", "/dags")["dags"]}
    assert dags.keys() == EXPECTED.keys()
    assert not any(dag["is_paused"] for dag in dags.values())
    for name, (slots, _) in POOLS.items():
        assert stack.airflow("GET", f"/pools/{name}")["slots"] == slots


def test_every_part_is_well(stack: Stack) -> None:
    health = stack.airflow("GET", "/monitor/health")
    assert {part["status"] for part in health.values()} == {"healthy"}
    assert httpx.get(f"{stack.gateway_url}/healthz", verify=NO_TLS).status_code == 200
    assert httpx.get(f"{stack.sandbox_url}/_state", verify=NO_TLS).status_code == 200


def test_the_terminal_says_where_to_look_and_no_secret(stack: Stack) -> None:
    shown = stack.shown()
    for told in (
        stack.airflow_url,
        stack.gateway_url,
        stack.sandbox_url,
        str(stack.home.env_file),
        "make down",
    ):
        assert told in shown
    secrets = [value for name, value in stack.values.items() if name.endswith(("PASSWORD", "TOKEN", "KEY"))]
    assert len(secrets) > 8
    assert not [value for value in secrets if value in shown]


def test_secrets_are_for_the_owner_only(stack: Stack) -> None:
    passwords = stack.home.airflow / "passwords.json"
    for path in (stack.home.env_file, passwords):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nobody_gets_in_without_a_password(stack: Stack) -> None:
    assert httpx.get(f"{stack.airflow_url}/api/v2/dags", verify=NO_TLS).status_code == 401
    wrong = {"username": "admin", "password": "admin"}
    assert httpx.post(f"{stack.airflow_url}/auth/token", json=wrong, verify=NO_TLS).status_code == 401


def test_a_second_start_says_that_it_runs(stack: Stack) -> None:
    command = [sys.executable, "-m", "leadops_stack", "up"]
    again = subprocess.run(command, env=stack.environment(), capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert f"running already (process {stack.process.pid})" in again.stdout
    assert stack.process.poll() is None


def test_the_visitors_clicks_become_points_in_the_ma(stack: Stack) -> None:
    pushed = "select count(*) from delivery.batches where target = 'ma' and state = 'done' and deltas > 0"
    wait_for(stack, pushed)
    ma = httpx.get(f"{stack.sandbox_url}/_state", verify=NO_TLS).json()["ma"]
    assert ma["leads"] > 0
    assert ma["deltas_applied"] > 0


def test_a_minute_has_its_line(stack: Stack) -> None:
    deadline = time.monotonic() + PATIENCE
    while "events in " not in stack.shown():
        assert time.monotonic() < deadline, stack.shown()
        time.sleep(0.5)


def test_the_stacks_cpu_time_is_known(stack: Stack) -> None:
    assert supervisor(stack.home)
    assert cpu_seconds(stack.home) > 5
