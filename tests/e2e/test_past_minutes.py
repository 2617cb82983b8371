"""An engineer scores past minutes again: nobody gets points twice, and what happens now comes first."""

import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from .conftest import PATIENCE, VISIT_ID, Stack

pytestmark = pytest.mark.stack

#: Of each lead without open work: its person's leads and events, and the points of its own events.
POINTS = """
    with people as (
        select leads.lead_id, coalesce(people.person_id, leads.lead_id) as person_id
        from identity.leads as leads left join identity.people as people using (lead_id)
    ),
    known as (
        select person_id,
            array_agg(distinct people.lead_id) as leads,
            array_agg(event_seq order by event_seq) as events
        from people left join identity.resolved_events as resolved using (lead_id)
        group by person_id
    ),
    given as (
        select lead_id, event_seq, rule, sum(points) as points from scoring.ledger
        where event_seq is not null group by lead_id, event_seq, rule
    )
    select lead_id, known.leads, known.events,
        (select jsonb_agg(to_jsonb(given) order by event_seq, rule) from given
            where given.lead_id = people.lead_id)
    from people inner join known using (person_id)
    where not exists (
        select from people as other
        inner join (
            select lead_id from scoring.inbox union all select lead_id from machines.waiting_acts
        ) as waiting using (lead_id)
        where other.person_id = people.person_id
    )
"""

VISITOR = """
    select resolved.lead_id from identity.resolved_events as resolved
    inner join cdp.events as events on events.seq = resolved.event_seq
    where events.event_id = %s
"""


@dataclass(frozen=True)
class LeadPoints:
    """What a lead's person is known to have done, and the points of the lead's own events."""

    known: tuple[list[int], list[int]]
    points: list[dict[str, object]] | None


def _points(stack: Stack) -> dict[int, LeadPoints]:
    with psycopg.connect(stack.database_url) as connection:
        rows = connection.execute(POINTS).fetchall()
    return {lead: LeadPoints((leads, events), points) for lead, leads, events, points in rows}


def _weights(stack: Stack, run_id: str) -> set[int]:
    """Return the priorities of a run's tasks: where slots are few, the highest goes first."""
    tasks = stack.airflow("GET", f"/dags/score_leads/dagRuns/{run_id}/taskInstances")["task_instances"]
    return {task["priority_weight"] for task in tasks}


def _first_run(stack: Stack, *, since: str | None = None) -> dict[str, str]:
    """Wait for the first run, of the minute `since` or a later one, that came to a good end."""
    deadline = time.monotonic() + PATIENCE
    wanted = {"state": "success", "order_by": "run_after", "limit": 1, "logical_date_gte": since}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    while time.monotonic() < deadline:
        if found := stack.airflow("GET", "/dags/score_leads/dagRuns", params=wanted)["dag_runs"]:
            return dict(found[0])
        time.sleep(1)
    pytest.fail("no run of score_leads came to a good end")


def _wait_for_points(stack: Stack) -> tuple[int, dict[int, LeadPoints]]:
    """Wait until the visitor has points and no open work; return that lead, and what all leads have."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        points = _points(stack)
        with psycopg.connect(stack.database_url) as connection:
            row = connection.execute(VISITOR, [VISIT_ID]).fetchone()
        if row and row[0] in points and points[row[0]].points:
            return row[0], points
        time.sleep(1)
    pytest.fail("the visit earned no points")


def _backfill(stack: Stack, minute: str) -> None:
    wanted = {
        "dag_id": "score_leads",
        "from_date": minute,
        "to_date": minute,
        "reprocess_behavior": "completed",
        "max_active_runs": 1,
        "run_backwards": False,
        "dag_run_conf": {},
    }
    number = stack.airflow("POST", "/backfills", json=wanted)["id"]
    deadline = time.monotonic() + PATIENCE
    while stack.airflow("GET", f"/backfills/{number}")["completed_at"] is None:
        assert time.monotonic() < deadline, "the backfill does not end"
        time.sleep(1)


@dataclass(frozen=True)
class Backfilled:
    """A back-fill of two minutes: one with a visit, which live runs had scored, and one that never ran."""

    runs: list[dict[str, Any]]
    visitor: int
    before: dict[int, LeadPoints]
    after: dict[int, LeadPoints]


@pytest.fixture(scope="module")
def backfilled(stack: Stack, visited_minute: str) -> Backfilled:
    visitor, before = _wait_for_points(stack)
    _first_run(stack, since=visited_minute)  # the minute's own run, unless it was left out, has ended by then
    hour_before = (datetime.fromisoformat(visited_minute) - timedelta(hours=1)).isoformat()
    for minute in (visited_minute, hour_before):
        _backfill(stack, minute)
    wanted = {"run_type": "backfill", "order_by": "-run_after"}
    runs = stack.airflow("GET", "/dags/score_leads/dagRuns", params=wanted)["dag_runs"]
    return Backfilled(runs, visitor, before, _wait_for_points(stack)[1])


def test_a_backfill_over_live_runs_changes_nothing_and_the_numbers_agree(
    stack: Stack, backfilled: Backfilled
) -> None:
    assert [run["state"] for run in backfilled.runs] == ["success"] * 2
    before, after, visitor = backfilled.before, backfilled.after, backfilled.visitor
    assert [(row["rule"], row["points"]) for row in before[visitor].points or []] == [("view_pricing", 15)]
    assert after[visitor] == before[visitor]
    # Live runs go on meanwhile: of the others, compare those of whom nothing new became known.
    same = [lead for lead in before if lead in after and before[lead].known == after[lead].known]
    assert {lead: after[lead].points for lead in same} == {lead: before[lead].points for lead in same}
    leadops = Path(sys.executable).parent / "leadops"
    audit = subprocess.run(
        [leadops, "audit"], env=stack.environment(), capture_output=True, text=True, timeout=120, check=False
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr


def test_the_tasks_of_a_backfill_come_after_those_of_live_runs(stack: Stack, backfilled: Backfilled) -> None:
    wanted = {"run_type": "scheduled", "order_by": "-run_after", "limit": 9}
    live = stack.airflow("GET", "/dags/score_leads/dagRuns", params=wanted)["dag_runs"]
    assert live
    for runs, weights in ((backfilled.runs, {0}), (live, {1, 2, 3, 5})):
        assert [_weights(stack, run["dag_run_id"]) for run in runs] == [weights] * len(runs)
