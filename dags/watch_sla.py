"""Every minute: do salespeople answer in time?"""

from airflow.sdk import dag

from leadops.orchestration.defaults import minute_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import sla


@dag(**minute_dag(tags=["every-minute", "watch", "sales"]))
def watch_sla() -> None:
    """
    ### Do salespeople answer in time?

    **What**: mirrors the CRM's activities and brings the SLA clock of every MQL up to date; `check_alerts`
    reports what the clocks say. **When**: every minute. **Connections**: `leadops_crm`, and
    `LEADOPS_DATABASE_URL`.

    **When it is red**: missed SLAs go unseen. Read the log below *Task failed with exception*. A CRM that is
    down or refuses us does not make this DAG red: the clocks are held and settled later with the true times.
    If they stay held, read the warning in the log of `poll`: it says what to change. By hand:
    `leadops poll`, `leadops clock`.
    """
    poll, clock = leadops_task(sla.poll)(), leadops_task(sla.clock)()

    poll >> clock


watch_sla()
