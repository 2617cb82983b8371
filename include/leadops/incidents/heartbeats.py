"""When each watched DAG, task or system last succeeded; a heartbeat resolves the incidents before it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: The DAG that runs the checks and brings Slack up to date.
ALERTS_DAG = "check_alerts"


def beat(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that `name`, such as a dag_id, succeeded at `now`; in the caller's transaction."""
    queries.run(connection, "record_heartbeat", name=name, now=now)


def find_last_beat(connection: Connection, name: str) -> datetime | None:
    """Return when `name` last succeeded (UTC), or None if it never has."""
    last: datetime | None = queries.value(connection, "find_heartbeat", name=name)
    return last


@dataclass(frozen=True)
class Heartbeat:
    """When (UTC) a DAG, or a task (`dag.task`), last succeeded."""

    name: str
    succeeded_at: datetime


def list_beats(connection: Connection, dags: Sequence[str]) -> list[Heartbeat]:
    """Return the last successes of `dags` and of their tasks, those of backfills left out; by name."""
    return queries.all(connection, "list_heartbeats", Heartbeat, dags=list(dags))


def count_beats(connection: Connection, names: Sequence[str], *, since: datetime) -> int:
    """Return how many of `names` last succeeded at `since` or later."""
    number: int = queries.value(connection, "count_heartbeats", names=list(names), since=since)
    return number


@dataclass(frozen=True)
class MinuteMarks:
    """What the DAGs of every minute have left behind.

    `finished` changes whenever a task of theirs succeeds or fails for good, `alert_rounds` whenever
    check_alerts succeeds; `last_at` (UTC) is the last success.
    """

    finished: int
    last_at: datetime | None
    alert_rounds: int


def read_minute_marks(connection: Connection, dags: Sequence[str]) -> MinuteMarks:
    """Return the marks of `dags`, the DAGs of every minute."""
    return queries.one(connection, "read_minute_marks", MinuteMarks, dags=list(dags), alerts_dag=ALERTS_DAG)
