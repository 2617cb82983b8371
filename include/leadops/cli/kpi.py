"""`leadops kpi`: how the KPI contract has changed, and what that moved."""

from dataclasses import asdict
from typing import Annotated

import typer

from leadops.cli.context import open_database, read_config
from leadops.cli.plural import count
from leadops.cli.terminal import console, print_json
from leadops.lifecycle.reevaluate_stages import list_contract_changes

app = typer.Typer(help="The KPI contract (kpi.yaml).", no_args_is_help=True)


@app.callback()
def kpi() -> None:
    """The KPI contract (kpi.yaml)."""


@app.command("changes")
def changes(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """List the changes of what SAL, SQL, won and lost mean, and how many leads each moved, latest first."""
    zone = read_config().company.zone
    with open_database() as connection:
        entries = list_contract_changes(connection)
    if as_json:
        print_json([asdict(entry) for entry in entries], default=str)
        return
    if not entries:
        console.print("no run of score_leads has applied kpi.yaml yet")
    for entry in entries:
        waiting = f", {count(entry.waiting, 'lead')} still waiting" if entry.waiting else ""
        console.print(
            f"{entry.changed_at.astimezone(zone):%Y-%m-%d %H:%M %Z}, sha256 {entry.digest[:12]}:"
            f" {count(entry.evaluated, 'lead')} evaluated again, {entry.moved} with other stages{waiting}",
            highlight=False,
        )
        for change in entry.changes:
            console.print(f"  {change}", highlight=False)
