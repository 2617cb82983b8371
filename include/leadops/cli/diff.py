"""`leadops diff`: why a figure is another one than on a past day."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

import typer
from rich.table import Table

from leadops.calendar.known_on import resolve_known_on
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import parse_day
from leadops.cli.terminal import console, print_json
from leadops.errors import PermanentError
from leadops.funnel.built_days import find_first_build
from leadops.funnel.funnel_difference import compare_days

app = typer.Typer(help="Why a figure is another one than on a past day.", no_args_is_help=True)


@app.callback()
def diff() -> None:
    """Why a figure is another one than on a past day."""


@app.command("funnel")
def diff_funnel(
    day: Annotated[date, typer.Option("--day", parser=parse_day, metavar="DAY", help="The day counted.")],
    known: Annotated[
        list[date],
        typer.Option("--known", parser=parse_day, metavar="DAY", help="Twice: as known at its end."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
) -> None:
    """Show which cells of DAY differ between two days on which they were known, and why."""
    if len(known) != 2:
        raise PermanentError("give --known twice: --known 2026-05-31 --known 2026-06-30")
    zone, now = read_config().company.zone, clock()
    with open_database() as connection:
        built = find_first_build(connection)
        first, second = (
            resolve_known_on(each, zone=zone, now=now, first=built).known_by or now for each in sorted(known)
        )
        rows = compare_days(connection, day=day, first=first, second=second)
    if as_json:
        told = [asdict(row) | {"cell": row.cell._asdict()} for row in rows]
        print_json(told, default=str)
        return
    if not rows:
        console.print(f"{day} is the same on both days", highlight=False)
        return
    table = Table("MQL on", "campaign", "source", "rep", "number", "cause")
    table.add_column("effect", justify="right")
    for row in rows:
        names = (row.cell.cohort_dt, row.cell.campaign, row.cell.source, row.cell.rep_id)
        effect = f"{row.effect:+,}"
        table.add_row(*(name or "(none)" for name in names), row.number.replace("_", " "), row.cause, effect)
    console.print(table)
