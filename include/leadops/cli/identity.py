"""`leadops identity`: what ties a lead together, and what the guards have stopped."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table

from leadops.cli.context import clock, console, open_database
from leadops.errors import PermanentError
from leadops.identity.explain import Person, explain_identity
from leadops.identity.settings import IdentitySettings
from leadops.identity.violations import list_violations, settle_violations
from leadops.settings import load_config

app = typer.Typer(help="What ties a lead together, and what the guards have stopped.", no_args_is_help=True)


@app.command()
def explain(
    lead: Annotated[str, typer.Argument(help="A lead_id or an email.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show each identifier of LEAD with the event that tied it, and those that are not its own."""
    settings = load_config("identity", IdentitySettings)
    with open_database() as connection:
        person = explain_identity(connection, _parse(lead), settings=settings)
    if as_json:
        typer.echo(json.dumps(asdict(person), default=lambda moment: moment.isoformat()))
        return
    console.print(_draw(person))
    console.print(
        f"lead {person.lead_id}: {person.events} events, {person.mail_kind} email,"
        f" account {person.account or 'unknown'}"
    )


@app.command()
def violations() -> None:
    """List what the guards have stopped since somebody last looked."""
    with open_database() as connection:
        found = list_violations(connection)
    table = Table("guard", "kind", "value", "first event", "times", "last (UTC)")
    for each in found:
        last = f"{each.seen_at:%Y-%m-%d %H:%M}"
        table.add_row(each.guard, each.kind, each.value, str(each.event_seq), str(each.times), last)
    console.print(table if found else "the guards have stopped nothing new")


@app.command()
def settle() -> None:
    """Say that you have looked at what the guards stopped; its alert ends."""
    with open_database() as connection, connection.transaction():
        settled = settle_violations(connection, now=clock())
    console.print(f"{settled} settled")


def _parse(lead: str) -> int | str:
    if "@" in lead:
        return lead
    if lead.isascii() and lead.isdigit() and len(lead) < 19:
        return int(lead)
    raise PermanentError("LEAD must be a lead_id (a number) or an email")


def _draw(person: Person) -> Table:
    table = Table("identifier", "value", "whose", "event", "happened (UTC)", "event_id")
    for join in person.joins:
        whose = "this lead's" + (f", seen with {join.other_leads} others" if join.other_leads else "")
        table.add_row(join.kind, join.value, whose, join.event or "", _show(join.ts), join.event_id or "")
    for each in person.strangers:
        whose = f"lead {each.lead_id}'s" if each.lead_id else "nobody's"
        table.add_row(each.kind, each.value, whose, each.event or "", _show(each.ts), each.event_id or "")
    return table


def _show(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
