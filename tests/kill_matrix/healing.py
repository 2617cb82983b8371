"""Waits until a stack is whole again after a fault, and says how long that took."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
import psycopg
from psycopg.rows import tuple_row

from tests.kill_matrix.airflow_tasks import find_next_try
from tests.kill_matrix.faults import Blow
from tests.kill_matrix.probes import Probes
from tests.kill_matrix.processes import list_parts
from tests.plain_http import NO_TLS
from tests.running_stack import Stack

#: The DAGs of every minute have all succeeded since %s.
SUCCEEDED = """
    select count(*) from incidents.heartbeats
    where name in ('score_leads', 'watch_sla', 'deliver_outbox', 'check_alerts') and succeeded_at > %s
"""
#: Tries of an audit that the MA does not let come to an end.
AUDITS = 20
#: What the simulated visitors and salespeople do wrong, whatever is killed.
BY_PEOPLE = [
    "forms_quarantined",
    "events_refused",
    "forms_refused",
    "sla_at_risk",
    "sla_breach",
    "queue_waiting",
]
OPENED = """
    select kind, subject, state from incidents.incidents
    where opened_at between %s and %s and kind <> all(%s) order by opened_at
"""


@dataclass
class Healing:
    """What a fault came to: seconds until each was as before, and what was told."""

    name: str
    executor: str
    began: datetime
    ended: datetime
    parts: float = 0.0  # until every part runs
    dags: float = 0.0  # until each DAG of every minute has succeeded
    whole: float = 0.0  # until a new event is in the MA, and a new form in the CRM
    next_try: float | None = None  # until the task that was hit began again
    incidents: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def await_healing(
    stack: Stack, probes: Probes, blow: Blow, healing: Healing, *, parts: set[str], limit: float
) -> None:
    """Fill in the times of `healing`, or say what has not healed within `limit` seconds."""
    started, moment = time.monotonic(), blow.at.timestamp()
    time.sleep(1)  # what was killed is gone now
    waiting = {"parts", "dags", "whole"} | ({"next_try"} if blow.task else set())
    while waiting and time.monotonic() < started + limit:
        if "parts" in waiting and list_parts(stack).keys() >= parts:
            healing.parts = time.monotonic() - started
            waiting.remove("parts")
        if "whole" in waiting and probes.arrived(since=started):
            healing.whole = time.monotonic() - started
            waiting.remove("whole")
        try:
            if "dags" in waiting and count_succeeded(stack, since=blow.at) == 4:
                healing.dags = time.monotonic() - started
                waiting.remove("dags")
            if (
                blow.task
                and "next_try" in waiting
                and (began := find_next_try(stack, blow.task, since=blow.at))
            ):
                healing.next_try = began.timestamp() - moment
                waiting.remove("next_try")
        except psycopg.OperationalError:
            pass
        time.sleep(0.5)
    healing.problems += [f"{what}: not as before after {limit:.0f} s" for what in sorted(waiting)]


def count_succeeded(stack: Stack, *, since: datetime) -> int:
    """Return how many DAGs of every minute have succeeded since then."""
    with psycopg.connect(stack.database_url, connect_timeout=5) as connection:
        row = connection.execute(SUCCEEDED, [since]).fetchone()
        assert row
        return int(row[0])


def list_incidents(stack: Stack, began: datetime, ended: datetime) -> list[tuple[str, str, str]]:
    """Return kind, subject and state of each incident that opened in that time."""
    with psycopg.connect(stack.database_url) as connection:
        return connection.cursor(row_factory=tuple_row).execute(OPENED, [began, ended, BY_PEOPLE]).fetchall()


def audit(stack: Stack) -> str | None:
    """Return what `leadops audit` has to complain of, None: nothing.

    One that found nothing out, because the MA is made to fail now and then, is made again.
    """
    command = [str(Path(sys.executable).parent / "leadops"), "audit"]
    for _ in range(AUDITS):
        done = subprocess.run(command, env=stack.environment(), capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None
        if done.stdout:
            break
    return f"audit: {done.stdout[-500:]}{done.stderr[-500:]}"


def find_told_twice(stack: Stack) -> list[str]:
    """Return each message that Slack's channel of on-call has twice."""
    answer = httpx.post(
        f"{stack.sandbox_url}/api/conversations.history",
        data={"channel": "C0LEADOPS", "limit": "999", "include_all_metadata": "true"},
        headers={"Authorization": f"Bearer {stack.values['LEADOPS_SLACK_TOKEN']}"},
        timeout=30,
        verify=NO_TLS,
    ).json()
    keys = [str(message.get("metadata", {}).get("event_payload")) for message in answer["messages"]]
    return [
        f"told twice: {key}" for key in sorted({key for key in keys if keys.count(key) > 1 and key != "None"})
    ]
