"""What a task needs to know of its run."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from leadops.calendar.local_days import last_whole_day
from leadops.company import Company


def now() -> datetime:
    """Return the time now (UTC); the one place from which the tasks take it."""
    return datetime.now(UTC)


def is_backfill(context: Mapping[str, Any]) -> bool:
    """Whether an engineer's backfill made this run; its run_id may still begin with scheduled__."""
    return str(context["dag_run"].run_type).rsplit(".", 1)[-1].lower() in ("backfill", "backfill_job")


def interval(context: Mapping[str, Any]) -> tuple[datetime, datetime]:
    """Return the run's data interval [start, end) in UTC; both ends are run_after where it has none."""
    run = context["dag_run"]
    end = run.data_interval_end or run.run_after
    return run.data_interval_start or end, end


def find_day(context: Mapping[str, Any], company: Company) -> date:
    """Return the last day of the company's zone that was over when the run's interval ended."""
    _, end = interval(context)
    return last_whole_day(end, company.zone)
