"""`leadops gone`: leads that the MA no longer has."""

from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, open_database, read_config
from leadops.cli.terminal import console
from leadops.delivery.presence import list_gone, request_recreation
from leadops.errors import PermanentError

app = typer.Typer(help="Leads that the MA no longer has: list or recreate.", no_args_is_help=True)


@app.command("list")
def list_leads(
    limit: Annotated[int, typer.Option(help="Show at most this many, the newest first.", min=1)] = 50,
) -> None:
    """List the leads that are gone from the MA, and what waits for them."""
    with open_database() as connection:
        leads = list_gone(connection, target="ma", limit=limit)
    table = Table("lead", "id in the MA", "since (UTC)", "the MA says", "score", "changes that wait")
    for lead in leads:
        cells = (lead.lead_id, lead.ma_id, f"{lead.since:%Y-%m-%d %H:%M}", lead.reason, lead.score, lead.held)
        table.add_row(*map(str, cells))
    console.print(table if leads else "no leads are gone")


@app.command()
def recreate(
    ids: Annotated[list[int] | None, typer.Argument(help="Leads from `leadops gone list`.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All leads that are gone.")] = False,
) -> None:
    """Create gone leads in the MA again with the next push, with all their points."""
    if not ids and not everything:
        raise PermanentError("name the leads, or say --all")
    config = read_config()
    with open_database() as connection, connection.transaction():
        lead_ids = ids or [lead.lead_id for lead in list_gone(connection, target="ma")]
        count = request_recreation(connection, lead_ids, target="ma", identity=config.identity, now=clock())
    console.print(f"{count} are created in the MA with the next push")
    if count < len(set(lead_ids)):
        console.print(f"{len(set(lead_ids)) - count} are not gone")
