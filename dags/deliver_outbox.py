"""Every minute: send what the gateway could not."""

from airflow.sdk import dag

from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import delivery


@dag(**minute_dag(tags=["every-minute", "delivery"]))
def deliver_outbox() -> None:
    """
    ### What the gateway could not send goes out

    **What**: sends new leads, tasks and owners that wait in `delivery.outbox` to the MA and the CRM. The
    gateway sends them itself within a second; this DAG picks up what it left behind. **When**: every minute.
    **Connections**: `leadops_ma`, `leadops_crm`, and `LEADOPS_DATABASE_URL`.

    **When it is red**: read the log below *Task failed with exception*. An MA or a CRM that is down does not
    make this DAG red: operations wait in the outbox, and `check_alerts` opens the incident `outbox_waiting`.
    While this DAG is red, the gateway still sends; `leadops push` does the same by hand.
    """
    leadops_task(delivery.deliver)()


deliver_outbox()
