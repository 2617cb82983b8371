"""Airflow runs no task while its health stays green: on-call hears of it, and tasks run again.

Two ways to get there: an idle worker of the LocalExecutor dies while it holds the lock of the queue, as when
the OOM killer ends it; and a scheduler that hangs, SIGTERM included. The second, and the time that all this
takes, are tested where LEADOPS_LONG_TESTS is set and nothing else runs.
"""

import os
import signal
import time
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import psutil
import psycopg
import pytest

from leadops_stack.records import Record, read_records
from tests.kill_matrix.processes import find_lock_holder, waits_in
from tests.plain_http import NO_TLS
from tests.promises import IS_LONG

from .conftest import Stack

pytestmark = pytest.mark.stack

#: Seconds within which tasks must run again, from the fault on; a busy machine has longer.
PROMISE, LIMIT = 180.0, 600.0
#: Whether a task of every minute has just succeeded.
RUNS_NOW = """
    select count(*) > 0 from incidents.heartbeats
    where name in ('score_leads', 'watch_sla', 'deliver_outbox', 'check_alerts')
        and succeeded_at > now() - interval '70 seconds'
"""


def wait_for(what: Callable[[], object], seconds: float, stack: Stack) -> float:
    """Wait until `what` is true; return how many seconds that took."""
    started = time.monotonic()
    while not what():
        assert time.monotonic() - started < seconds, f"nothing after {seconds} s\n{stack.shown()}"
        time.sleep(0.2)
    return time.monotonic() - started


def ask(stack: Stack, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(stack.database_url) as connection:
        return connection.execute(query.encode()).fetchall()


def finished(stack: Stack) -> int:
    """Return how often the tasks of every minute have succeeded."""
    rows = ask(
        stack,
        "select coalesce(sum(beats), 0)::int from incidents.heartbeats"
        " where name in ('score_leads', 'watch_sla', 'deliver_outbox', 'check_alerts')",
    )
    return int(str(rows[0][0]))


def scheduler(stack: Stack) -> Record:
    return next(record for record in read_records(stack.home.run) if record.name == "scheduler")


def kill_lock_holder(stack: Stack) -> None:
    pid = scheduler(stack).pid
    until = time.monotonic() + LIMIT
    while True:
        assert time.monotonic() < until, "no idle worker holds the lock of the queue"
        if holder := find_lock_holder(pid):
            holder.kill()
            return
        if not any(waits_in(child.pid).strip("0") for child in psutil.Process(pid).children()):
            pytest.skip("this kernel does not say what a process waits for")
        time.sleep(0.1)


def stop_scheduler(stack: Stack) -> None:
    """Let the scheduler hang: it heeds no SIGTERM now."""
    os.kill(scheduler(stack).pid, signal.SIGSTOP)


def slack_texts(stack: Stack) -> list[str]:
    answer = httpx.post(
        f"{stack.sandbox_url}/api/conversations.history",
        data={"channel": "C0LEADOPS", "limit": "999"},
        headers={"Authorization": f"Bearer {stack.values['LEADOPS_SLACK_TOKEN']}"},
        timeout=10,
        verify=NO_TLS,
    ).json()
    return [message["text"] for message in answer["messages"]]


@pytest.mark.parametrize(
    "fault",
    [
        kill_lock_holder,
        pytest.param(
            stop_scheduler, marks=pytest.mark.skipif(not IS_LONG, reason="takes six minutes: make test-long")
        ),
    ],
)
def test_a_standstill_is_reported_and_ended(stack: Stack, fault: Callable[[Stack], None]) -> None:
    wait_for(lambda: ask(stack, RUNS_NOW) == [(True,)], LIMIT, stack)
    restarts = stack.shown().count("scheduler: no task has finished for")
    hanging = scheduler(stack)
    fault(stack)
    began, moment = time.monotonic(), datetime.now(UTC)
    wait_for(lambda: find_open_message(stack), LIMIT, stack)
    wait_for(lambda: not hanging.alive() and not hanging.members(), LIMIT, stack)
    stuck = finished(stack)
    wait_for(lambda: finished(stack) > stuck, LIMIT, stack)
    if IS_LONG:
        assert time.monotonic() - began < PROMISE, stack.shown()
        wait_for(lambda: not find_open_message(stack), LIMIT, stack)  # it must last three minutes
        late = "select count(*) from incidents.incidents where kind = 'run_missed_deadline' and opened_at > "
        assert ask(stack, f"{late}'{moment.isoformat()}'") == [(0,)]  # one problem, one message
    assert stack.shown().count("scheduler: no task has finished for") == restarts + 1
    assert "the watchdog cannot" not in stack.shown()


def find_open_message(stack: Stack) -> str | None:
    """Return the one message that says that no task finishes."""
    found = [text for text in slack_texts(stack) if text.startswith("CRITICAL: No task has finished")]
    assert len(found) <= 1
    return found[0] if found else None
