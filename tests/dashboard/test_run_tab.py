"""The tab of a run: what its tasks returned, line by line, and nothing where nothing is on record."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from leadops.canary.run_canary import CanaryResult
from leadops.dashboard.pages import read_texts
from leadops.dashboard.run_tab import CountLine, list_counts
from leadops.db import Connection
from leadops.delivery.push_report import PushReport
from leadops.identity.resolve import ResolveResult
from leadops.incidents.task_results import TaskResult, record_result
from leadops.lifecycle.qualify import QualificationResult
from leadops.nurture.enter_programmes import EntryResult
from leadops.nurture.send_steps import SendResult
from leadops.routing.assign_leads import AssignmentResult
from leadops.scoring.score import ScoringResult
from leadops.training.points import PointsResult

from .conftest import PREFIX, VIEWER, Open

NINE = datetime(2026, 11, 30, 0, 0, tzinfo=UTC)
RUN = "scheduled__2026-11-30T00:00:00+00:00"


def add(
    connection: Connection, run_id: str, task_id: str, counts: dict[str, Any], *, minute: int = 0
) -> None:
    started = NINE + timedelta(minutes=minute)
    result = TaskResult(
        run_id, "scheduled", started, task_id, 1, started + timedelta(seconds=len(task_id)), counts
    )
    record_result(connection, result, dag_id="score_leads")
    connection.commit()


def test_counts_become_lines_in_their_order() -> None:
    counts = {
        "day": "2026-11-29",
        "crm": {"calls": 2, "nested": {"dead": 0}},
        "again": ["2026-11-01"],
        "reason": None,
        "on_hold": True,
        "share": 0.5,
        "none": {},
    }
    assert list(list_counts(counts)) == [
        CountLine("day", "2026-11-29"),
        CountLine("crm.calls", 2),
        CountLine("crm.nested.dead", 0),
        CountLine("again", ["2026-11-01"]),
        CountLine("reason", None),
        CountLine("on_hold", True),
        CountLine("share", 0.5),
    ]


def test_a_run_in_numbers(connection: Connection, dashboard: Open) -> None:
    add(connection, RUN, "resolve", {"events": 12, "new_leads": 3})
    add(connection, RUN, "qualify", {"mql": 1, "crm": {"calls": 1}})
    add(connection, RUN, "push", {})
    answer = dashboard(VIEWER).read(f"api/runs/score_leads/{quote(RUN, safe='')}")
    assert answer.pop("as_of")
    assert answer == {
        "dag_id": "score_leads",
        "run_id": RUN,
        "run_type": "scheduled",
        "started_at": "2026-11-30T00:00:00Z",
        "tasks": [
            {"task_id": "push", "try_number": 1, "finished_at": "2026-11-30T00:00:04Z", "counts": []},
            {
                "task_id": "qualify",
                "try_number": 1,
                "finished_at": "2026-11-30T00:00:07Z",
                "counts": [{"name": "mql", "value": 1}, {"name": "crm.calls", "value": 1}],
            },
            {
                "task_id": "resolve",
                "try_number": 1,
                "finished_at": "2026-11-30T00:00:07Z",
                "counts": [{"name": "events", "value": 12}, {"name": "new_leads", "value": 3}],
            },
        ],
    }


def test_the_last_runs_of_a_dag(connection: Connection, dashboard: Open) -> None:
    for minute in range(4):
        add(connection, f"r{minute}", "resolve", {"events": minute}, minute=minute)
    runs = dashboard(VIEWER).read("api/runs/score_leads", runs=3)["runs"]
    assert [(run["run_id"], run["tasks"][0]["counts"]) for run in runs] == [
        (f"r{minute}", [{"name": "events", "value": minute}]) for minute in (3, 2, 1)
    ]


@pytest.mark.parametrize(
    "path",
    [
        "score_leads",
        "score_leads/no_such_run",
        "no_such_dag/no_such_run",
        "'; drop table incidents.task_results; --/x",
        "<script>alert(1)</script>/<img src=x onerror=alert(1)>",
        "a/b/c/d",
        "%2E%2E/%2E%2E%2Fetc",
    ],
)
def test_what_nobody_knows_is_empty_and_harmless(dashboard: Open, path: str) -> None:
    pages = dashboard(VIEWER)
    answer = pages.read("api/runs/" + quote(path, safe="/%"))
    assert answer.get("tasks", answer.get("runs")) == []
    shell = pages.get(f"{PREFIX}/runs/" + quote(path, safe="/%"))
    assert shell.status_code == 200
    assert "alert(1)" not in shell.text


def test_endless_names_are_refused(dashboard: Open) -> None:
    pages = dashboard(VIEWER)
    assert "dag_id" in pages.refuse("api/runs/" + "x" * 251, 422)
    assert "run_id" in pages.refuse("api/runs/score_leads/" + "x" * 251, 422)
    assert "runs" in pages.refuse("api/runs/score_leads", 422, runs=201)
    assert pages.refuse("api/runs/score_leads/%00", 422)


#: What the tasks of the DAGs with words of their own return, as far as dataclasses say it.
RESULTS: dict[str, type] = {
    "resolve": ResolveResult,
    "score": ScoringResult,
    "push": PushReport,
    "qualify": QualificationResult,
    "assign": AssignmentResult,
    "points": PointsResult,
    "visit": CanaryResult,
    "enter": EntryResult,
    "send": SendResult,
}


@pytest.mark.parametrize("task_id", RESULTS)
def test_every_count_of_these_tasks_has_its_words(task_id: str) -> None:
    words = read_texts("runs")["en"]
    names = {part.name for part in fields(RESULTS[task_id])} - {"remaining", "problem"}
    assert {
        name for name in names if not {f"count.{task_id}.{name}", f"count.{name}"} & words.keys()
    } == set()
