"""The checks on DAGs: which of those that failed have succeeded since, and which stand still?

The watchdog runs some of them too, while check_alerts does not.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.incidents.kinds import OPENED_BY_CALLBACKS, TASKS_STOPPED
from leadops.incidents.task_results import ALERTS_DAG
from leadops.queries import Queries

queries = Queries(__file__, topic="task_results")


@dataclass(frozen=True)
class RecoveredDag:
    """An open incident of a DAG that has succeeded since."""

    kind: str
    subject: str
    succeeded_at: datetime


DAG_KINDS = tuple(sorted(OPENED_BY_CALLBACKS))


def check_dags(connection: Connection, given: CheckInput | None = None) -> list[CheckFinding]:  # noqa: ARG001
    """Return an ok finding for each open incident of a DAG that has succeeded since its last failure."""
    return [
        CheckFinding(recovered.kind, recovered.subject, "ok", recovered.succeeded_at)
        for recovered in queries.all(connection, "list_recovered_dags", RecoveredDag, kinds=list(DAG_KINDS))
    ]


@dataclass(frozen=True)
class RecoveredTasks:
    """An open standstill of all tasks after which a task has succeeded."""

    subject: str
    succeeded_at: datetime


def check_recovered_tasks(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Return an ok finding for the open standstill of all tasks once a task of every minute has succeeded."""
    dags = list(given.settings.watchdog.dags)
    return [
        CheckFinding(TASKS_STOPPED, recovered.subject, "ok", recovered.succeeded_at)
        for recovered in queries.all(connection, "list_recovered_tasks", RecoveredTasks, dags=dags)
    ]


@dataclass(frozen=True)
class StoppedDag:
    """A DAG whose last success is older than its limit (minutes), and that no other incident reports."""

    dag_id: str
    last_at: datetime
    limit: float


def check_stopped_dags(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the DAGs that neither succeed nor fail: paused, or never started by the scheduler.

    A DAG that has never succeeded is a new installation's, not a standstill. check_alerts runs this check, so
    it is left out: that it runs is the news.
    """
    return _find_stopped(connection, given, but=ALERTS_DAG)


def check_stopped_dags_and_alerts(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the same DAGs, check_alerts included."""
    return _find_stopped(connection, given)


def _find_stopped(connection: Connection, given: CheckInput, *, but: str = "") -> list[CheckFinding]:
    minutes_by_dag = given.settings.stopped_after_minutes
    limits = {dag: wait for dag, wait in minutes_by_dag.items() if wait is not None and dag != but}
    stopped = queries.all(
        connection,
        "list_stopped_dags",
        StoppedDag,
        now=given.now,
        dags=list(limits),
        limits=list(limits.values()),
    )
    findings = []
    for dag in stopped:
        minutes = round((given.now - dag.last_at) / timedelta(minutes=1), 1)
        facts = {
            "dag_id": dag.dag_id,
            "minutes": minutes,
            "worst": minutes,
            "limit": dag.limit,
            "last_at": dag.last_at.isoformat(),
        }
        findings.append(fire("dag_stopped", facts, since=given.now))
    return findings


_RECOVERED = (
    Check("dags", DAG_KINDS, check_dags, resolves_missing=False),
    Check("recovered_tasks", (TASKS_STOPPED,), check_recovered_tasks, resolves_missing=False),
)

CHECKS = (*_RECOVERED, Check("stopped_dags", ("dag_stopped",), check_stopped_dags))

#: What the watchdog checks while check_alerts does not run.
WATCHDOG_CHECKS = (*_RECOVERED, Check("stopped_dags", ("dag_stopped",), check_stopped_dags_and_alerts))
