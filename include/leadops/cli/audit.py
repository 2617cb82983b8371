"""`leadops audit`: ledger = scores = MA, lead by lead."""

from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import console, open_database
from leadops.clients.ma import MaClient
from leadops.delivery.audit import audit_scores
from leadops.settings import endpoint


def audit(
    most: Annotated[int, typer.Option(help="Show at most this many differences.")] = 50,
) -> None:
    """Prove that for every lead the ledger's sum, its score and its score in the MA are the same.

    Points still under way are taken off and counted. Exits with 1, and lists the leads, where they differ.
    """
    client = MaClient(endpoint("ma"))
    with open_database() as connection, console.status("comparing every lead with the MA …"):
        result = audit_scores(connection, client)
    if result.differences:
        table = Table("lead", "ledger", "score", "MA", "under way")
        for each in result.differences[:most]:
            table.add_row(*map(str, (each.lead_id, each.ledger, each.score, each.ma, each.under_way)))
        console.print(table)
    console.print(
        f"{result.leads} leads, {result.ma_leads} in the MA, {result.under_way} with points under way: "
        + (f"{len(result.differences)} differ" if result.differences else "all agree")
    )
    if result.differences:
        raise typer.Exit(1)
