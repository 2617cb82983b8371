"""Every night: what nobody needs any more is deleted."""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import housekeeping


@dag(**daily_dag(tags=["every-day", "housekeeping"], cron="0 3 * * *"))
def keep_house() -> None:
    """
    ### What nobody needs any more is deleted

    **What**: `purge` deletes old rows of leadops' own tables, and `clean_airflow` old runs of these DAGs with
    their logs, by Airflow's own `db clean`. `retention.yaml` says how many days each is kept. Leads, scores,
    reasons and stages are never deleted, nor is anything that runs. **When**: at 03:00 of the company's zone.
    **Connections**: `LEADOPS_DATABASE_URL`; for Airflow's runs `LEADOPS_AIRFLOW_DATABASE_URL`, without which
    `clean_airflow` only says so in its log.

    **When it is red**: nothing is lost; tables and disks grow. Read the log below *Task failed with
    exception*; the next good run catches up. `leadops purge` deletes the old rows by hand.

    **Backfill**: not needed. Each run deletes what is old now.
    """
    leadops_task(housekeeping.purge)()
    leadops_task(housekeeping.clean_airflow)()


keep_house()
