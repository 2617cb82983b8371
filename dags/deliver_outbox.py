"""Every minute: what the gateway could not send goes out, and what waits too long is told."""

from typing import Any

from airflow.sdk import dag, get_current_context, task

from leadops.db_errors import database_errors_in_one_line
from leadops.orchestration import deliver as delivery
from leadops.orchestration.defaults import minute_dag


@dag(**minute_dag(tags=["every-minute", "delivery"]))
def deliver_outbox() -> None:
    """
    ### What the gateway could not send goes out

    **What**: sends new leads, tasks and owners that wait in `delivery.outbox` to the MA and the CRM, and
    opens the incident `outbox_waiting` for a target where one has waited too long. The gateway sends them
    itself within a second; this finds what it left behind. **When**: every minute. **Connections**:
    `leadops_ma`, `leadops_crm`, and `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. An MA or a CRM that is down does not
    make this DAG red: what is wanted there waits, and the incident says so. While this DAG is red the gateway
    still sends; `leadops push` by hand does the same at any time.
    """

    @task
    @database_errors_in_one_line()
    def deliver() -> dict[str, Any]:
        """Send to the MA and the CRM what waits for them; say what has waited too long."""
        return delivery.deliver(get_current_context())

    deliver()


deliver_outbox()
