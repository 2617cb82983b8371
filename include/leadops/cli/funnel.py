"""`leadops funnel`: what happened on each day, by campaign and source."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from leadops.calendar.known_on import resolve_known_on
from leadops.calendar.local_days import last_whole_day, list_days
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption, FirstDayOption, KnownOnOption, LastDayOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.plural import count, say_won
from leadops.cli.terminal import console, make_progress, print_json
from leadops.company import Company
from leadops.errors import PermanentError
from leadops.funnel.built_days import find_first_build, read_built_days
from leadops.funnel.funnel_cells import FunnelGrouping, count_without_cohort, read_funnel
from leadops.funnel.quality_checks import check_days, list_findings, list_open_findings, settle_findings
from leadops.funnel.refresh_funnel import refresh_funnel
from leadops.made_up.made_up_past import find_past
from leadops.marts.publish_changes import publish_changes

#: At most this many findings are listed, the newest days first.
MOST_ROWS = 100

app = typer.Typer(help="What happened on each day, by campaign and source.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("refresh")
def refresh(day: DayOption = None, first: FirstDayOption = None, last: LastDayOption = None) -> None:
    """Build and check one day or several (default: yesterday), like refresh_funnel. Idempotent."""
    config = read_config()
    company, settings, now = config.company, config.funnel, clock()
    if day and (first or last):
        raise PermanentError("give either --day, or --from and --to")
    days = [day] if day else _read_days(first, last, now=now, company=company, back=0)
    with open_database() as connection, make_progress(disable=len(days) < 10) as bar:
        publish_changes(connection, now=now)
        for each in bar.track(days, description="days"):
            done = refresh_funnel(
                connection,
                day=each,
                company=company,
                settings=settings,
                contract=config.kpi,
                policy=config.sla,
                now=now,
            )
            console.print(
                f"{each}: {count(done.leads, 'lead')}, {done.mqls} MQL, {done.sals} SAL, {done.sqls} SQL,"
                f" {say_won(done.wons, done.wons_without_value, done.wons_without_rate)},"
                f" {done.losts} lost, {done.left_out} left out"
            )
            if done.again:
                console.print(f"  built again: {', '.join(map(str, done.again))}")
        checked = check_days(connection, company=company, settings=settings, policy=config.sla, now=now)
    if done.waiting:
        console.print(
            f"{count(done.waiting, 'earlier day')} still to be built again; the next run takes"
            f" at most {settings.dirty_days_at_most} (dirty_days_at_most)"
        )
    if checked.findings:
        found = count(checked.findings, "finding")
        console.print(f"{found}; see leadops funnel findings --from {checked.first} --to {checked.last}")


@app.command("show")
def show(
    first: FirstDayOption = None,
    last: LastDayOption = None,
    by: Annotated[FunnelGrouping, typer.Option(help="What to sum by on each day.")] = "all",
    cohort: Annotated[
        bool, typer.Option("--cohort", help="Group by the day of the MQL, not of the event.")
    ] = False,
    known_on: KnownOnOption = None,
    as_json: AsJson = False,
) -> None:
    """Print the built days (default: the last four weeks); * marks days with later data.

    With --known-on, what this printed at the end of that day.
    """
    config = read_config()
    with open_database() as connection:
        asked = resolve_known_on(
            known_on,
            zone=config.company.zone,
            now=clock(),
            first=find_first_build(connection) if known_on else None,
        )
        days = _read_days(first, last, now=asked.now, company=config.company, back=27)
        stretch = {"first": days[0], "last": days[-1]}
        rows = read_funnel(connection, **stretch, by=by, cohort=cohort, known_by=asked.known_by)
        built = read_built_days(connection, **stretch, known_by=asked.known_by)
        in_no_cohort = count_without_cohort(connection, **stretch, known_by=asked.known_by) if cohort else 0
        past = find_past(connection)
    if as_json:
        print_json([row._asdict() for row in rows], default=str)
        return
    columns = ["mqls", "mqls_apart", "sals", "sqls", "wons", "losts", "value", "left_out"]
    columns = columns if cohort else ["leads", *columns]
    table = Table("MQL on" if cohort else "day", *([] if by == "all" else [by]))
    for name in columns:
        table.add_column(name.replace("_", " "), justify="right")
    for row in rows:
        numbers = [f"{getattr(row, name):,}" for name in columns]
        mark = " *" if built.get(row.dt) else ""
        table.add_row(f"{row.dt}{mark}", *([] if by == "all" else [row.group or "(none)"]), *numbers)
    console.print(table)
    unvalued, unrated = (
        sum(row.wons_without_value for row in rows),
        sum(row.wons_without_rate for row in rows),
    )
    if apart := sum(row.mqls_apart for row in rows):
        console.print(
            f"apart: {count(apart, 'MQL')} of accounts that are customers or have an open deal,"
            " with their SALs and SQLs",
            highlight=False,
        )
    if unvalued or unrated:
        console.print(say_won(sum(row.wons for row in rows), unvalued, unrated), highlight=False)
    if in_no_cohort:
        console.print(
            f"not in a cohort: {count(in_no_cohort, 'stage')} of these days, whose lead has no MQL on record",
            highlight=False,
        )
    _print_built(days, built)
    print_made_up(past)


@app.command("findings")
def findings(first: FirstDayOption = None, last: LastDayOption = None, as_json: AsJson = False) -> None:
    """Print open findings of the quality checks; with --from or --to all findings of these days."""
    config = read_config()
    now = clock()
    if first or last:
        days = _read_days(first, last, now=now, company=config.company, back=27)
        with open_database() as connection:
            found = list_findings(connection, first=days[0], last=days[-1], now=now)
        none = f"no findings about the days from {days[0]} to {days[-1]}"
    else:
        with open_database() as connection:
            found = list_open_findings(connection, now=now)
        none = "no finding is open; --from and --to list those of other days that are on record"
    if as_json:
        print_json([each._asdict() for each in found], default=str)
        return
    if not found:
        console.print(none, highlight=False)
        return
    table = Table("day", "kind", "about", "facts", "open")
    for each in found[:MOST_ROWS]:
        facts = ", ".join(f"{name} {value}" for name, value in each.facts.items() if name != "lead_id")
        table.add_row(str(each.dt), each.kind, each.subject, facts, "yes" if each.is_open else "")
    console.print(table)
    if len(found) > MOST_ROWS:
        console.print(f"and {len(found) - MOST_ROWS} of earlier days; --json lists all")


@app.command("settle")
def settle(day: DayOption = None) -> None:
    """Acknowledge the findings of --day (default: all) and resolve their incidents."""
    with open_database() as connection:
        settled = settle_findings(connection, day=day, now=clock())
    console.print(f"{count(settled, 'finding')} settled")


def _print_built(days: list[date], built: dict[date, bool]) -> None:
    """Say which of `days` have no row because nothing happened, and which because they are not built."""
    stretch = f"from {days[0]} to {days[-1]}"
    if not built:
        line = (
            f"no day {stretch} is built; leadops funnel refresh --from {days[0]} --to {days[-1]} builds them"
        )
    else:
        built_of_all = f"{len(built)} of {count(len(days), 'day')}"
        line = f"{built_of_all} {stretch} built; one without a row had nothing to count"
    console.print(line, highlight=False)
    if stale := sum(built.values()):
        console.print(
            f"* {count(stale, 'day')} touched since, to be built again by the next run", highlight=False
        )


def _read_days(
    first: date | None, last: date | None, *, now: datetime, company: Company, back: int
) -> list[date]:
    until = last or last_whole_day(now, company.zone)
    return list_days(first or until - timedelta(days=back), until)
