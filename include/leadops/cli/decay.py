"""`leadops decay`: apply score decay up to the end of a day."""

from typing import Annotated

import typer

from leadops.calendar.local_days import last_whole_day
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption
from leadops.cli.terminal import console
from leadops.scoring.active_rules import name_source
from leadops.scoring.decay_leads import decay_leads, preview_decay


def decay(
    day: DayOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
) -> None:
    """Apply score decay up to the end of DAY. Idempotent."""
    config = read_config()
    rules, zone = config.scoring, config.company.zone
    source = name_source(config.find_file("scoring"))
    chosen = day or last_whole_day(clock(), zone)
    leads = rows = points = 0
    with open_database() as connection, console.status("looking at the leads that are due …"):
        while True:
            if dry_run:
                done = preview_decay(connection, rules=rules, zone=zone, day=chosen, now=clock())
            else:
                done = decay_leads(connection, rules=rules, zone=zone, day=chosen, now=clock(), source=source)
            leads, rows, points = leads + done.leads, rows + done.rows, points + done.points
            if not done.remaining:
                break
    console.print(
        f"{chosen}: looked at {leads} leads that were due, {rows} {'would change' if dry_run else 'changed'},"
        f" by {points:+d} points in all" + ("; nothing was written" if dry_run else "")
    )
