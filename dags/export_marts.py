"""Every hour: what changed in the published tables goes to the warehouses."""

from airflow.sdk import dag

from leadops.orchestration.defaults import daily_dag
from leadops.orchestration.task import leadops_task
from leadops.orchestration.tasks import warehouse


@dag(**daily_dag(tags=["every-hour", "warehouse"], cron="0 * * * *"))
def export_marts() -> None:
    """
    ### What changed in the published tables goes to the warehouses

    **What**: appends what changed in the [marts](../docs/marts.md) as versions, and sends each warehouse of
    `warehouse.yaml` what it does not have yet, by the change number; of marts without one (as
    `stages` and `touches`) the last two months are replaced where they differ. Then rows of people who were
    erased are replaced there. **When**: at each full hour. **Connections**: `LEADOPS_DATABASE_URL`; for
    BigQuery `google_cloud_default`, or what `warehouse.yaml` names. Without a target it has nothing to do.

    **When it is red**: nothing is lost. The next run sends everything since the last good one, in pieces; a
    piece that is sent twice changes nothing.
    - *quota is used up*, *does not answer*: wait; after a week it catches up too.
    - *has changes … this database sent them up to … only*: see `docs/runbooks/warehouse_differs.md`.
    - *somebody changed the table*: drop it, and it is sent again whole.

    **Backfill**: not needed. `leadops warehouse export --dry-run` says what waits and what it would cost.
    """
    leadops_task(warehouse.export)()


export_marts()
