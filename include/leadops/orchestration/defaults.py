"""What all DAGs have in common."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    AsyncCallback,
    CronDataIntervalTimetable,
    DeadlineAlert,
    DeadlineReference,
    ExceptionRetryPolicy,
    Param,
    RetryAction,
    RetryRule,
)

from leadops.errors import PermanentError
from leadops.lifecycle.quarter import QUARTER_PATTERN, list_first_months
from leadops.orchestration.airflow_run import read_config
from leadops.orchestration.callbacks import open_deadline_incident, open_task_incident

#: The tasks of every minute have a pool, so that a backfill never takes every slot of the machine, and the
#: daily ones another, so that a long night never keeps the minute waiting.
POOL, DAILY_POOL = "leadops", "leadops_daily"

#: What is wrong for good fails at once: a second try would only bring the news later.
NO_SECOND_TRY = ExceptionRetryPolicy(
    rules=[
        RetryRule(PermanentError, action=RetryAction.FAIL, reason="trying again would change nothing"),
    ]
)

#: Questions of a kind that are open at once; one that nobody answers must not keep the next one back.
MAX_QUESTIONS = 16

#: A run that is not done after so long says so (incident run_missed_deadline).
DEADLINE, DAILY_DEADLINE = timedelta(minutes=3), timedelta(hours=2)


def minute_dag(*, tags: list[str], every: int = 1) -> dict[str, Any]:
    """Return the arguments of a DAG that runs every minute, or every few: once at a time, never to catch up.

    Missed minutes need no run of their own: each task takes what has not been taken yet. It leaves no XCom:
    its counts are in its log, and 14,000 more rows a day would only fill Airflow's database.
    """
    return _dag(
        CronDataIntervalTimetable("* * * * *" if every == 1 else f"*/{every} * * * *", timezone="UTC"),
        tags=tags,
        deadline=DEADLINE,
        execution_timeout=timedelta(minutes=10),
        pool=POOL,
        do_xcom_push=False,
    )


def daily_dag(*, tags: list[str], cron: str = "0 0 * * *", waits: timedelta | None = None) -> dict[str, Any]:
    """Return the arguments of a DAG that runs once a day (or as `cron` says) of the company's time zone.

    Its data interval ends when it runs: with the default, it is one whole local day, clock changes included.
    A day can be run again at any time, and days that were missed can be backfilled. Where a task waits for a
    human, `waits` says for how long; what comes before the question may take a few hours more.
    """
    return _dag(
        CronDataIntervalTimetable(cron, timezone=_find_company_zone()),
        tags=tags,
        deadline=DAILY_DEADLINE if waits is None else waits + 3 * DAILY_DEADLINE,
        execution_timeout=timedelta(hours=1),
        pool=DAILY_POOL,
    )


def quarterly_dag(*, tags: list[str], hour: int) -> dict[str, Any]:
    """Return the arguments of a DAG that runs on the first day of each quarter of the company's year."""
    months = ",".join(map(str, list_first_months(read_config().company.fiscal_year_starts)))
    return daily_dag(tags=["quarterly", *tags], cron=f"0 {hour} 1 {months} *")


def asking_dag(asset: Asset, *, tags: list[str], waits: timedelta) -> dict[str, Any]:
    """Return the arguments of a DAG that asks a human whenever `asset` has an event, for as long as `waits`.

    Several questions may be open at once.
    """
    return _dag(
        asset,
        tags=tags,
        deadline=waits + 3 * DAILY_DEADLINE,
        execution_timeout=timedelta(hours=1),
        pool=DAILY_POOL,
    ) | {"max_active_runs": MAX_QUESTIONS}


def quarter_param(description: str) -> Param:
    """Return a Param that takes 2026-Q3, FY2026/27-Q2 or nothing; anything else is refused at the trigger."""
    return Param(None, type=["null", "string"], pattern=f"^({QUARTER_PATTERN})?$", description=description)


def day_param(description: str) -> Param:
    """Return a Param that takes 2026-07-31 or nothing; anything else is refused when the DAG is triggered."""
    return Param(None, type=["null", "string"], format="date", description=description)


def _find_company_zone() -> str:
    """Return the zone in force: a broken company.yaml moves no schedule and hides no DAG."""
    return read_config().company.timezone


def _dag(
    schedule: CronDataIntervalTimetable | Asset,
    *,
    tags: list[str],
    deadline: timedelta,
    execution_timeout: timedelta,
    pool: str,
    do_xcom_push: bool = True,
) -> dict[str, Any]:
    return {
        "schedule": schedule,
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "dagrun_timeout": max(timedelta(minutes=30), deadline),
        # The interval is a number of seconds. Airflow 3.3 stores a timedelta as an object that it cannot read
        # when somebody clears a run before its deadline (HTTP 500, apache/airflow#70368).
        "deadline": DeadlineAlert(
            reference=DeadlineReference.DAGRUN_QUEUED_AT,
            interval=deadline.total_seconds(),
            callback=AsyncCallback(open_deadline_incident),
        ),
        "tags": ["leadops", *tags],
        "default_args": {
            "owner": "revenue-operations",
            "retries": 1,
            "retry_delay": timedelta(seconds=10),
            "retry_policy": NO_SECOND_TRY,
            "execution_timeout": execution_timeout,
            "pool": pool,
            "do_xcom_push": do_xcom_push,
            "on_failure_callback": open_task_incident,
        },
    }
