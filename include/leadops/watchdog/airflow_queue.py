"""What Airflow's own database says about its tasks: which wait, whether one runs, which DAGs are paused."""

from collections.abc import Sequence
from dataclasses import dataclass

from leadops.db import Connection, connect
from leadops.queries import Queries

queries = Queries(__file__)

#: A statement that takes longer is cancelled: the watchdog has other things to look at.
STATEMENT_LIMIT = "10s"
#: A running task reports every five seconds; after this many it may be dead.
ALIVE_SECONDS = 60.0


@dataclass(frozen=True)
class AirflowQueue:
    """The state of Airflow's tasks.

    `oldest_id` is the task that has waited longest in the executor's queue, `is_running` whether a task of
    the DAGs of every minute runs and reports, `active_dags` how many of these DAGs are not paused. `finished`
    changes whenever one of their runs ends.
    """

    oldest_id: str | None
    queued: int
    is_running: bool
    active_dags: int
    finished: int


def limit_statements(connection: Connection) -> None:
    """Let no statement on `connection` take long."""
    queries.run(connection, "limit_statements", duration=STATEMENT_LIMIT)
    connection.commit()


def read_queue(database_url: str, dags: Sequence[str]) -> AirflowQueue:
    """Return the state of Airflow's tasks; `dags` are the DAGs of every minute.

    Raises TransientError or psycopg.Error where Airflow's database does not answer or allow it.
    """
    with connect(database_url, application="leadops watchdog") as connection:
        limit_statements(connection)
        return queries.one(
            connection, "read_queue", AirflowQueue, dags=list(dags), alive_seconds=ALIVE_SECONDS
        )
