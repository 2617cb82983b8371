"""Each quarter: how long leads wait for sales, as a picture."""

from airflow.sdk import Param, dag

from leadops.orchestration.defaults import day_param, quarter_param, quarterly_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import reports

PARAMS = {
    "quarter": quarter_param("2026-Q3; empty: the last whole quarter"),
    "from": day_param("In place of a quarter, the first day: 2026-07-01"),
    "to": day_param("And the last day: 2026-07-31"),
    "again": Param(False, type="boolean", description="Post again what was posted before"),
}


@dag(**quarterly_dag(tags=["sales", "report"], hour=7), params=PARAMS)
def report_response_times() -> None:
    """
    ### How long leads wait for sales

    **What**: draws the working time from MQL to SAL as box plots, by salesperson and by campaign; stores the
    picture as a file and in `reports.reports`; posts it to Slack with three sentences. Reads
    `analytics.response_times` as it is now. **When**: at 07:00 of the first day of each quarter of
    the company's year, for the quarter before; by hand for any quarter or days. **Connections**:
    `leadops_slack` and `LEADOPS_DATABASE_URL`. Slack takes pictures from a bot with `files:write` and
    `files:read`; an incoming webhook takes none: then the sentences say where the file is.

    **When it is red**
    - *draw*: read the log below *Task failed with exception*. It names a folder that cannot be written, or
      Params that contradict each other.
    - *post*: Slack refused or did not answer; the line says what to change. Clear the task: it resumes where
      it stopped. What was posted is not posted twice, except with the Param `again`.
    - The same by hand: `leadops report response-times --quarter 2026-Q3`, with `--post` to post it.
    """
    drawn = leadops_task(reports.draw)()

    leadops_task(reports.post)(drawn)


report_response_times()
