"""Each quarter: how long leads wait for sales, as a picture."""

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import reports
from leadops.orchestration.defaults import daily_dag, day_param, quarter_param

PARAMS = {
    "quarter": quarter_param("2026-Q3; empty: the last whole quarter"),
    "from": day_param("In place of a quarter, the first day: 2026-07-01"),
    "to": day_param("And the last day: 2026-07-31"),
    "again": Param(False, type="boolean", description="Post once more what was posted before"),
}


@dag(**daily_dag(tags=["quarterly", "sales", "report"], cron="0 7 1 1,4,7,10 *"), params=PARAMS)
def report_response_times() -> None:
    """
    ### How long leads wait for sales

    **What**: draws the working time from MQL to SAL as box plots, by salesperson and by campaign, keeps the
    picture as a file and on record (`reports.reports`), and posts it to Slack with three sentences. Reads
    `analytics.response_times` as it is now. **When**: at 7:00 of the first day of each quarter, for the
    quarter before; by hand for any quarter or days. **Connections**: `leadops_slack` (as a bot with
    `files:write` and `files:read`; an incoming webhook takes no pictures: then the sentences say where the
    file is), and `LEADOPS_DATABASE_URL`.

    **When it is red**
    - *draw*: read the log below *Task failed with exception*. A folder that cannot be written is named; so
      are Params that contradict each other.
    - *post*: Slack refused or did not answer; the line says what to change. Clear the task: it goes on
      where it stopped. What has been posted is not posted twice; with the Param `again` it is.
    - The same picture without Slack: `leadops report response-times --quarter 2026-Q3 --out FILE`.
    """

    @task
    @database_errors_in_one_line()
    def draw() -> dict[str, Any]:
        """Draw the picture; keep it as a file and on record."""
        return reports.draw(get_current_context())

    @task
    @database_errors_in_one_line()
    def post() -> dict[str, Any]:
        """Post picture and sentences to Slack, once."""
        return reports.post(get_current_context())

    draw() >> post()


report_response_times()
