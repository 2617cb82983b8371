"""`leadops canary`: how long a simulated visitor took at each hop, and a visit by hand."""

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from leadops.calendar.local_days import local_midnight
from leadops.canary.read_day import HopSummary, read_span
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption
from leadops.cli.run_task import run_now
from leadops.cli.terminal import console, print_json
from leadops.company import Company
from leadops.orchestration.tasks import canary

app = typer.Typer(
    help="A simulated visitor who goes through every door: how long each hop took.", no_args_is_help=True
)

#: From hardly any of the limit to all of it; an hour beyond it is a cross, one without a visit a dot.
BLOCKS = "▁▂▃▄▅▆▇█"
LATE, NONE = "×", "·"


@app.command()
def show(
    day: DayOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a picture.")] = False,
) -> None:
    """Draw the last 24 hours, or a day: one row a hop, one block an hour."""
    now = clock()
    start, until = _find_span(day, read_config().company, now=now)
    with open_database() as connection:
        hops = read_span(connection, start=start, until=until, now=now)
    if as_json:
        print_json([asdict(hop) for hop in hops])
        return
    if not hops:
        console.print("no visits in this time; see docs/canary.md", highlight=False)
        return
    table = Table("hop", "visits", "median", "95 %", "longest", "late", "now", "by hour")
    for hop in hops:
        table.add_row(
            hop.hop,
            str(hop.visits),
            *(_show_seconds(seconds) for seconds in (hop.median, hop.high, hop.longest)),
            str(hop.late_visits),
            "" if hop.waiting is None else f"waits {_show_seconds(hop.waiting)}",
            draw_hours(hop),
        )
    console.print(table)
    console.print(
        f"each hour's longest time, of the limit: {BLOCKS}; {LATE} above it, {NONE} no visit", highlight=False
    )


@app.command()
def run() -> None:
    """Make a visit now and watch it, as run_canary does."""
    run_now(canary.visit)


def draw_hours(hop: HopSummary) -> str:
    """Return a character for each hour of the span."""
    return "".join(_draw(longest, hop.limit_seconds) for longest in hop.hours)


def _draw(longest: float | None, limit: float) -> str:
    if longest is None:
        return NONE
    if longest > limit:
        return LATE
    return BLOCKS[min(int(longest / limit * len(BLOCKS)), len(BLOCKS) - 1)]


def _find_span(day: date | None, company: Company, *, now: datetime) -> tuple[datetime, datetime]:
    if day is None:
        return now - timedelta(hours=24), now
    zone = company.zone
    return (
        local_midnight(day, zone).astimezone(UTC),
        local_midnight(day + timedelta(days=1), zone).astimezone(UTC),
    )


def _show_seconds(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{seconds / 60:.1f} min"
