"""`leadops qualify`, `poll`, `clock`, `check`, `notify`, `purge` …: the bodies of tasks, run by hand."""

import os
from collections.abc import Callable

from leadops.cli.context import clock, open_connection, read_config, sleep
from leadops.cli.pagerduty import open_pager
from leadops.cli.slack import open_chat
from leadops.cli.terminal import console
from leadops.erased.erased_filter import ErasedFilter
from leadops.orchestration.counts import Counts, describe_counts
from leadops.orchestration.run import MANUAL, TaskRun
from leadops.orchestration.tasks import checks, housekeeping, scoring, sla
from leadops.settings import endpoint, read_connection


def make_run(task_id: str) -> TaskRun:
    """Return a run of now, with the connections of the environment."""
    now = clock()
    return TaskRun(
        dag_id="leadops",
        task_id=task_id,
        run_id=f"cli__{now:%Y-%m-%dT%H:%M:%S}",
        run_type=MANUAL,
        started_at=now,
        start=now,
        end=now,
        config=read_config(),
        clock=clock,
        sleep=sleep,
        open_database=open_connection,
        find_endpoint=endpoint,
        find_connection=read_connection,
        open_chat=open_chat,
        open_pager=open_pager,
        erased=ErasedFilter.of(os.environ),
    )


def qualify() -> None:
    """Record who became MQL, SAL, SQL, won or lost, and bring new MQLs to the CRM, as score_leads does."""
    run_now(scoring.qualify)


def poll() -> None:
    """Mirror what the CRM has new, as watch_sla does. A CRM that is down is a warning."""
    run_now(sla.poll)


def watch_clocks() -> None:
    """Bring the SLA clocks up to date, as watch_sla does."""
    run_now(sla.clock)


def check() -> None:
    """Run `leadops check`."""
    run_now(checks.check)


def notify() -> None:
    """Bring Slack in line with the incidents, as check_alerts does."""
    run_now(checks.notify)


def purge() -> None:
    """Delete rows of leadops' own tables that are older than retention.yaml says, as keep_house does."""
    run_now(housekeeping.purge)


def clean_airflow() -> None:
    """Delete old runs of our DAGs from Airflow's database, and their logs, as keep_house does."""
    run_now(housekeeping.clean_airflow)


def run_now(body: Callable[[TaskRun], Counts]) -> None:
    """Run the body of a task by hand and print its counts."""
    counts = body(make_run(body.__name__))
    console.print(f"{body.__name__.replace('_', ' ')}: {describe_counts(counts)}", highlight=False)
