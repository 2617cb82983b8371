"""Every day: what happened, who brought it, and what it cost."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import daily
from leadops.orchestration.defaults import daily_dag


@dag(**daily_dag(tags=["every-day", "funnel"]))
def refresh_funnel() -> None:
    """
    ### What happened, who brought it, and what it cost

    **What**: counts the leads and stages of the day by campaign and source, with rates, lead times and
    response times; builds earlier days again that late rows touched; judges what it built; shares the
    conversions among the touches; works out cost and payback. **When**: at midnight of the company's zone,
    for the local day that is over. **Connections**: none but `LEADOPS_DATABASE_URL`; what looks wrong is told
    by `check_alerts` in Slack.

    **When it is red**
    - *yesterday's tables stand*: each day is written whole or not at all. Read the log below *Task failed
      with exception*, mend what it names, clear the task. Done twice, a day gives the same tables.
    - *refresh*: a setting is wrong (the log names file and line), or the database did not answer.
    - *attribute or economics*: the funnel itself is built; only that page is a day old.
    - *numbers look wrong, but nothing is red*: `leadops funnel findings` lists what the gates found and
      `analytics.left_out` what is not counted.

    **Backfill**: `airflow backfill create --dag-id refresh_funnel --from-date 2026-05-01T00:00+09:00
    --to-date 2026-05-31T23:59+09:00`, in any order, any number of times; or
    `leadops funnel refresh --from … --to …`. Give the offset of the company's zone: Airflow reads a date
    alone as midnight in UTC, and a day at one end would be missing.
    """

    @task
    @database_errors_in_one_line()
    def refresh() -> dict[str, Any]:
        """Count the day, and the earlier days that were touched since they were built."""
        return daily.refresh(get_current_context())

    @task
    @database_errors_in_one_line()
    def gate() -> dict[str, Any]:
        """Find orders that cannot be, gaps and sudden changes in the days that were built."""
        return daily.gate()

    @task
    @database_errors_in_one_line()
    def attribute() -> dict[str, Any]:
        """Share the conversions among the touches that led to them, by seven models."""
        return daily.attribute(get_current_context())

    @task
    @database_errors_in_one_line()
    def economics() -> dict[str, Any]:
        """Work out what the leads of each month cost and brought."""
        return daily.economics(get_current_context())

    refresh() >> gate() >> [attribute(), economics()]


refresh_funnel()
