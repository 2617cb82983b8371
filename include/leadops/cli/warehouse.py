"""`leadops warehouse`: export the published tables, compare them with their copies, and repair these."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console, print_json
from leadops.marts.publish_changes import publish_changes
from leadops.settings import read_connection
from leadops.warehouse.estimate_cost import ExportEstimate, estimate_export
from leadops.warehouse.export_progress import list_progress
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.open_warehouses import open_warehouses
from leadops.warehouse.partition_differences import list_differences
from leadops.warehouse.run_warehouses import (
    choose_tables,
    compare_warehouses,
    export_warehouses,
    repair_warehouses,
)

app = typer.Typer(
    help="Copies of the published tables in BigQuery or as Parquet: export, compare, repair.",
    no_args_is_help=True,
)

Target = Annotated[str | None, typer.Option(help="One warehouse of warehouse.yaml; all without it.")]
Mart = Annotated[str | None, typer.Option(help="One published table; all without it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would happen and what it costs, only.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


@app.command()
def export(
    target: Target = None, mart: Mart = None, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Send what changed since the last export. Safe to re-run; resumes after an interruption."""
    settings, warehouses = read_config().warehouse, _open(target)
    with open_database() as connection:
        if dry_run:
            estimates = [
                estimate_export(
                    connection, warehouse, table, dollars_per_tib=settings.dollars_per_tib, now=clock()
                )
                for warehouse in warehouses
                for table in choose_tables(warehouse, mart)
            ]
            _show_estimates(estimates, as_json=as_json)
            return
        publish_changes(connection, now=clock())
        sent = export_warehouses(
            connection, warehouses, piece_rows=settings.piece_rows, clock=clock, mart=mart
        )
    if as_json:
        print_json(sent)
        return
    for name, rows in sent.items():
        console.print(f"{name}: {count(rows, 'row')} sent", highlight=False)
    _say_none(warehouses)


@app.command()
def compare(target: Target = None, mart: Mart = None, as_json: AsJson = False) -> None:
    """Compare each month of each table with its copies; what differs opens an incident."""
    warehouses = _open(target)
    with open_database() as connection:
        compare_warehouses(connection, warehouses, clock=clock, mart=mart)
    _say_none(warehouses)
    show(as_json=as_json)


@app.command()
def repair(target: Target = None, mart: Mart = None, dry_run: DryRun = False) -> None:
    """Replace the months that the last compare found to differ, and nothing else."""
    warehouses = _open(target)
    with open_database() as connection:
        repaired = repair_warehouses(connection, warehouses, clock=clock, mart=mart, dry_run=dry_run)
    verb = "would be replaced" if dry_run else "replaced"
    for name, of_mart, partition in repaired:
        console.print(f"{name}: {of_mart} {partition} {verb}", highlight=False)
    if not repaired:
        console.print("nothing differs on record; `leadops warehouse compare` looks again")


@app.command()
def show(as_json: AsJson = False) -> None:
    """Show what each warehouse has, and where it differs."""
    with open_database() as connection:
        sent, differing = list_progress(connection), list_differences(connection)
    if as_json:
        print_json(
            {"sent": [asdict(each) for each in sent], "differing": [asdict(each) for each in differing]},
            default=str,
        )
        return
    table = Table("warehouse", "table", "sent up to change", "at (UTC)")
    for each in sent:
        at = f"{each.sent_at:%Y-%m-%d %H:%M}" if each.sent_at else "–"
        table.add_row(each.target, each.mart, str(each.sent_to), at)
    console.print(table if sent else "nothing was exported yet")
    if differing:
        table = Table("warehouse", "table", "month", "rows here", "rows there", title="What differs")
        for found in differing:
            table.add_row(
                found.target, found.mart, found.partition, str(found.own_rows), str(found.their_rows)
            )
        console.print(table)


def _open(only: str | None) -> list[Warehouse]:
    return open_warehouses(read_config().warehouse, find_connection=read_connection, clock=clock, only=only)


def _say_none(warehouses: list[Warehouse]) -> None:
    if not warehouses:
        console.print("no warehouse has an address; set LEADOPS_WAREHOUSE_URL or warehouse.yaml")


def _show_estimates(estimates: list[ExportEstimate], *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(estimate) for estimate in estimates])
        return
    table = Table("warehouse", "table")
    for name in ("rows", "bytes loaded", "bytes billed", "US dollars", "of a compare", "US dollars"):
        table.add_column(name, justify="right")
    for estimate in estimates:
        table.add_row(
            estimate.target,
            estimate.mart,
            f"{estimate.rows:,}",
            f"{estimate.bytes_loaded:,}",
            f"{estimate.bytes_billed:,}",
            f"{estimate.dollars:.4f}",
            f"{estimate.compare_bytes_billed:,}",
            f"{estimate.compare_dollars:.4f}",
        )
    console.print(table)
