"""The faults of the matrix: who is killed, or what goes away for a while."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psutil

from leadops_stack.executor import WORKERS
from leadops_stack.gateways import OWN_PORTS
from tests.kill_matrix.airflow_tasks import RunningTask
from tests.kill_matrix.processes import (
    find_busy,
    find_lock_holder,
    find_part,
    kill,
    kill_part,
    kill_process,
    list_parts,
)
from tests.plain_http import NO_TLS
from tests.running_stack import Stack
from tests.waiting import wait_until

#: Seconds to wait for the moment of the fault, such as a push under way.
PATIENCE = 300.0
#: The variable with the folder of the stack's settings.
CONFIG = "LEADOPS_CONFIG_DIR"
#: A fault as the sandbox takes it.
Rule = dict[str, Any]
#: Where the MA takes score changes.
SCORES: Rule = {"target": "ma", "method": "POST", "path": "/api/bulk/*"}


@dataclass
class Blow:
    """A fault as it happened: when (UTC), and the task that was hit, if one was."""

    at: datetime
    task: RunningTask | None = None


Act = Callable[[Stack], AbstractContextManager[Blow]]


@dataclass(frozen=True)
class Fault:
    """A line of the matrix: its name, who is hit, and with which executors it makes sense."""

    name: str
    act: Act
    executors: tuple[str, ...] = ("celery",)
    seconds: float = 0.0  # for how long it lasts


def now() -> datetime:
    """Return the time in UTC."""
    return datetime.now(UTC)


def at_once(strike: Callable[[Stack], object]) -> Act:
    """Return the act that strikes once and is over."""

    @contextmanager
    def act(stack: Stack) -> Iterator[Blow]:
        strike(stack)
        yield Blow(now())

    return act


def set_faults(stack: Stack, rules: Iterable[Rule]) -> None:
    """Let the sandbox have exactly these faults."""
    httpx.delete(f"{stack.sandbox_url}/_faults", timeout=30, verify=NO_TLS).raise_for_status()
    body = {"faults": list(rules)}
    httpx.post(f"{stack.sandbox_url}/_faults", json=body, timeout=30, verify=NO_TLS).raise_for_status()


def list_faults(stack: Stack) -> list[dict[str, Any]]:
    """Return the sandbox's faults as it lists them: rules with `id`, `met` and `used_up`."""
    answer = httpx.get(f"{stack.sandbox_url}/_faults", timeout=30, verify=NO_TLS)
    return list(answer.json()["faults"])


@contextmanager
def more_faults(stack: Stack, *rules: Rule) -> Iterator[None]:
    """Let the sandbox have these faults too during the block, and as the first."""
    before = [
        {name: value for name, value in fault.items() if name not in ("id", "met", "used_up")}
        for fault in list_faults(stack)
    ]
    set_faults(stack, [*rules, *before])
    try:
        yield
    finally:
        with contextlib.suppress(httpx.HTTPError):  # a sandbox that was killed has none any more
            set_faults(stack, before)


def await_met(stack: Stack) -> None:
    """Wait until a call meets the first of the sandbox's faults."""
    wait_until(lambda: list_faults(stack)[0]["met"], seconds=PATIENCE, pause=0.1)


def in_a_push(strike: Callable[[Stack, str, int], None]) -> Act:
    """Return the act that waits until a push calls a slow MA; `strike` gets its part and process."""

    @contextmanager
    def act(stack: Stack) -> Iterator[Blow]:
        with more_faults(stack, SCORES | {"kind": "latency", "seconds": 8.0}):
            await_met(stack)
            task, part, pid = wait_until(lambda: find_busy(stack, "push"), seconds=PATIENCE, pause=0.1)
            strike(stack, part, pid)
        yield Blow(now(), task)

    return act


def kill_ma(kind: str) -> Act:
    """Return the act that kills the sandbox while a call hangs, before or after its effect."""

    @contextmanager
    def act(stack: Stack) -> Iterator[Blow]:
        with more_faults(stack, SCORES | {"kind": kind, "seconds": 60.0, "count": 1}):
            await_met(stack)
            time.sleep(0.5)  # after: the effect is in the journal now
            kill_part(stack, "sandbox")
        yield Blow(now())

    return act


def lasting(seconds: float, *rules: Rule) -> Act:
    """Return the act that lets the sandbox have faults for `seconds`."""

    @contextmanager
    def act(stack: Stack) -> Iterator[Blow]:
        with more_faults(stack, *rules):
            time.sleep(seconds)
        yield Blow(now())

    return act


@contextmanager
def fill_disk(stack: Stack) -> Iterator[Blow]:
    """Leave no room on the stack's disk for a while. It has to be a small one of its own."""
    filler, until = stack.home.root / "filler", time.monotonic() + DISK_SECONDS
    try:
        while time.monotonic() < until:  # again and again: what is deleted meanwhile gives no room
            with contextlib.suppress(OSError), filler.open("ab", buffering=0) as file:
                while file.write(bytes(CHUNK)):
                    continue
            time.sleep(0.1)
    finally:
        filler.unlink(missing_ok=True)
    yield Blow(now())


@contextmanager
def restart_airflow(stack: Stack) -> Iterator[Blow]:
    """Do what an upgrade of Airflow does, while a push runs: migrate its database, end all its parts."""
    with more_faults(stack, SCORES | {"kind": "latency", "seconds": 8.0}):
        await_met(stack)
        migrate = [sys.executable, "-m", "leadops_stack", "airflow", "db", "migrate"]
        subprocess.run(migrate, env=stack.environment(), check=True, capture_output=True)
        parts = {name: pid for name, pid in list_parts(stack).items() if name in OF_AIRFLOW}
        for pid in parts.values():
            os.kill(pid, signal.SIGTERM)
        wait_until(lambda: not any(map(psutil.pid_exists, parts.values())), seconds=PATIENCE)
    yield Blow(now())


@contextmanager
def change_dag(stack: Stack) -> Iterator[Blow]:
    """Let two tasks push instead of one while a run of the former DAG pushes; the DAG is read at once."""
    with more_faults(stack, SCORES | {"kind": "latency", "seconds": 8.0}):
        await_met(stack)
        (Path(os.environ[CONFIG]) / "delivery.yaml").write_text("shards: 2\n")
        kill_process(stack, "dag-processor")
    yield Blow(now())


def kill_idle_worker(stack: Stack) -> None:
    """Kill the idle worker of the LocalExecutor that holds the lock of the queue."""
    pid = find_part(stack, "scheduler").pid
    kill([wait_until(lambda: find_lock_holder(pid), seconds=PATIENCE, pause=0.1).pid])


def kill_whole_worker(stack: Stack, part: str, _pid: int) -> None:
    """Kill the worker that pushes and all that came from it."""
    kill_part(stack, part)


def kill_task_process(_stack: Stack, _part: str, pid: int) -> None:
    """Kill the one process that watches over the push."""
    kill([pid])


def kill_workers(stack: Stack) -> None:
    """Kill both workers at once."""
    kill([pid for name in WORKERS for pid in find_part(stack, name).members()])


def kill_gateways(stack: Stack) -> None:
    """Kill both gateways at once."""
    kill([find_part(stack, name).pid for name in OWN_PORTS])


def process_of(name: str) -> Act:
    """Return the act that kills the process of the part `name`."""
    return at_once(lambda stack: kill_process(stack, name))


BOTH = ("local", "celery")
OF_AIRFLOW = ("scheduler", *WORKERS, "dag-processor", "triggerer", "api-server")
DISK_SECONDS, AWAY_SECONDS = 45.0, 210.0
#: Bytes that are written at once.
CHUNK = 1_000_000
FAULTS = (
    Fault("nothing (for comparison)", at_once(lambda _: None), BOTH),
    Fault("worker of the LocalExecutor, idle, with the queue's lock", at_once(kill_idle_worker), ("local",)),
    Fault("worker of the LocalExecutor, in a push", in_a_push(kill_task_process), ("local",)),
    Fault("Celery worker, in a push, with all its processes", in_a_push(kill_whole_worker)),
    Fault("the Celery worker's process of a push", in_a_push(kill_task_process)),
    Fault("both Celery workers", at_once(kill_workers)),
    Fault("scheduler", process_of("scheduler"), BOTH),
    Fault("dag-processor", process_of("dag-processor")),
    Fault("triggerer", process_of("triggerer")),
    Fault("api-server", at_once(lambda stack: kill_part(stack, "api-server"))),
    Fault("all of Airflow, as for an upgrade", restart_airflow, BOTH),
    Fault("one of two gateways", process_of("gateway-2")),
    Fault("both gateways", at_once(kill_gateways)),
    Fault("live lane", process_of("live")),
    Fault("Redis", process_of("redis")),
    Fault("PostgreSQL", at_once(lambda stack: kill_part(stack, "postgres"))),
    Fault("MA, before the effect of a call", kill_ma("timeout_before")),
    Fault("MA, after the effect of a call", kill_ma("timeout_after")),
    Fault(
        "Slack and CRM away",
        lasting(
            AWAY_SECONDS,
            {"target": "slack", "kind": "reset_before"},
            {"target": "crm", "kind": "500"},
        ),
        seconds=AWAY_SECONDS,
    ),
    Fault("disk full", fill_disk, seconds=DISK_SECONDS),
    Fault("dag-processor, with a changed DAG and a run of the former one", change_dag),
)
