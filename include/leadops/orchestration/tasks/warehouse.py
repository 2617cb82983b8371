"""The tasks of export_marts and compare_warehouses."""

from leadops.marts.publish_changes import publish_changes
from leadops.orchestration.counts import Counts
from leadops.orchestration.run import TaskRun
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.open_warehouses import open_warehouses
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses


def export(run: TaskRun) -> Counts:
    """Publish what changed in the marts, and send it to each warehouse, which follows erasures too."""
    with run.open_database() as connection:
        published = publish_changes(connection, now=run.clock())
        sent = export_warehouses(
            connection, _open(run), piece_rows=run.config.warehouse.piece_rows, clock=run.clock
        )
    return {"published": published, "sent": sum(sent.values()), "warehouses": len(sent)}


def compare(run: TaskRun) -> Counts:
    """Compare each month of each mart with its copies; check_alerts reports what differs."""
    warehouses = _open(run)
    with run.open_database() as connection:
        differing = compare_warehouses(connection, warehouses, clock=run.clock)
    return {"warehouses": len(warehouses), "differing": differing}


def _open(run: TaskRun) -> list[Warehouse]:
    return open_warehouses(run.config.warehouse, find_connection=run.find_connection, clock=run.clock)
