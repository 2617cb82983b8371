"""Every night: are the copies of the published tables the same?"""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import warehouse


@dag(**daily_dag(tags=["every-day", "warehouse"], cron="30 2 * * *"))
def compare_warehouses() -> None:
    """
    ### Are the copies of the published tables the same?

    **What**: compares counts, sums and a hash of each month of each mart between PostgreSQL and each
    warehouse, and puts on record what differs; `check_alerts` opens the incident `warehouse_differs`. Marts
    without versions are brought up to date here in all months. **When**: at 02:30 of the company's zone.
    **Connections**: as for `export_marts`.

    **When it is red**: nothing was changed. Read the log below *Task failed with exception*, and clear the
    task when the warehouse answers again.

    **Backfill**: not needed. `leadops warehouse compare` does it by hand, `leadops warehouse repair` replaces
    the months that differ.
    """
    leadops_task(warehouse.compare)()


compare_warehouses()
