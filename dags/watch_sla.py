"""Every minute: do salespeople answer in time?"""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import watch
from leadops.orchestration.defaults import minute_dag


@dag(**minute_dag(tags=["every-minute", "watch", "sales"]))
def watch_sla() -> None:
    """
    ### Do salespeople answer in time?

    **What**: mirrors the CRM's activities and brings the SLA clock of every MQL up to date; `check_alerts`
    reports what the clocks say. **When**: every minute. **Connections**: `leadops_crm`, and
    `LEADOPS_DATABASE_URL`.

    **When it is red**: lateness of sales goes unseen. Read the log below *Task failed with exception*. A CRM
    that is down or refuses us does not make this DAG red: the clocks are held and settled later with the true
    times. If they stay held, read the warning in the log of `poll`: it says what to change.
    """

    @task
    @database_errors_in_one_line()
    def poll() -> dict[str, Any]:
        """Mirror what the salespeople did since the last poll."""
        return watch.poll()

    @task
    @database_errors_in_one_line()
    def clock() -> dict[str, Any]:
        """Bring the SLA clocks up to date."""
        return watch.watch(get_current_context())

    poll() >> clock()


watch_sla()
