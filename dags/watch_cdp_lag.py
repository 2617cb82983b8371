"""Every minute: is the CDP behind, is the MA's backlog growing, did anything die?"""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import watch
from leadops.orchestration.defaults import minute_dag


@dag(**minute_dag(tags=["every-minute", "watch"]))
def watch_cdp_lag() -> None:
    """
    ### Is the CDP behind?

    **What**: asks the CDP for its lag, looks at what waits for the MA and at dead letters, and brings Slack
    in line with the incidents: one thing that is wrong is one message. **When**: every minute.
    **Connections**: `leadops_cdp`, `leadops_slack`, and `LEADOPS_DATABASE_URL`.

    **When it is red**: on-call is not being told. Read the log below *Task failed with exception*; while this
    DAG is red, `watch_sla` still tells what it finds, and `leadops incidents list` shows what is on record. A
    CDP that is down or slow does not make this DAG red: it makes an incident.
    """

    @task
    @database_errors_in_one_line()
    def read_lag() -> dict[str, Any]:
        """Ask the CDP for its lag; compare everything with the incidents on record."""
        return watch.read_lag()

    @task
    @database_errors_in_one_line()
    def tell() -> dict[str, Any]:
        """Post, edit, escalate and resolve the Slack messages of the incidents."""
        return watch.tell_incidents(get_current_context())

    read_lag() >> tell()


watch_cdp_lag()
