"""`leadops economics`: what leads cost and return, and what other rates would return."""

from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import typer
from rich.table import Table

from leadops.calendar.known_on import resolve_known_on
from leadops.calendar.local_days import last_whole_day
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption, KnownOnOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.plural import count, say_won
from leadops.cli.terminal import console, print_json
from leadops.db import Connection
from leadops.economics.read_months import (
    find_first_refresh,
    find_newest_day,
    list_categories,
    list_months,
)
from leadops.economics.refresh_economics import find_first_month, has_data, refresh_economics
from leadops.economics.scenario import Inputs, Scenario, read_scenario
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import find_past

app = typer.Typer(help="What leads cost and return.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("refresh")
def refresh(day: DayOption = None) -> None:
    """Recompute the months as seen at the end of DAY (default: yesterday), like refresh_funnel."""
    config = read_config()
    company, now = config.company, clock()
    wanted = day or last_whole_day(now, company.zone)
    settings = config.economics
    with open_database() as connection:
        done = refresh_economics(connection, day=wanted, settings=settings, company=company, now=now)
    console.print(
        f"{wanted}: {count(done.rows, 'line')}, {done.cost:,} {company.currency} spent,"
        f" {say_won(count(done.won, 'deal'), done.won_without_value, done.won_without_rate)},"
        f" {done.left_out} left out"
    )


@app.command("show")
def show(
    month: Annotated[str | None, typer.Option(help="One month by campaign: 2026-07.")] = None,
    day: DayOption = None,
    known_on: KnownOnOption = None,
    as_json: AsJson = False,
) -> None:
    """Show each month, or one month by campaign: cost, deals, CAC, payback; * where deals may still come.

    With --known-on, what this printed at the end of that day.
    """
    wanted = _parse_month(month) if month else None
    with open_database() as connection:
        known_by = _find_known_by(connection, known_on)
        as_of = _find_day(connection, day, known_by)
        months = list_months(connection, day=as_of, month=wanted, known_by=known_by)
        rows = [asdict(line) for line in months]
        costs = list_categories(connection, day=as_of, month=wanted, known_by=known_by) if wanted else []
        parts = [asdict(cost) for cost in costs]
        past = find_past(connection)
    if as_json:
        print_json({"as_of": as_of, "months": rows, "costs": parts}, default=str)
        return
    if not rows:
        raise PermanentError(f"nothing is known of {month} as of {as_of}")
    console.print(_draw(rows, as_of=as_of, by_campaign=wanted is not None))
    if parts:
        console.print(_draw_costs(parts))
    last = rows[-1]
    console.print(
        f"* not mature: its youngest lead is not yet {last['maturity_days']} days old"
        f" ({last['maturity_source']}), so deals are still to come and its CAC to fall;"
        " ~ the month is not over",
        highlight=False,
    )
    totals = [row for row in rows if row["is_total"]]
    unvalued, unrated, costs_unrated = (
        sum(row[name] for row in totals)
        for name in ("won_without_value", "won_without_rate", "costs_without_rate")
    )
    if unvalued or unrated:
        console.print(say_won(sum(row["won"] for row in totals), unvalued, unrated), highlight=False)
    if costs_unrated:
        console.print(
            f"left out: {count(costs_unrated, 'cost')} in another currency without a rate of the month"
        )
    if left_out := sum(row["left_out"] for row in rows if row["is_total"]):
        console.print(f"left out: {count(left_out, 'deal')} won before their lead was MQL, which cannot be")
    print_made_up(past)


@app.command("scenario")
def scenario(
    mqls: Annotated[str, typer.Option(help="MQLs a month, or before:after.")],
    sql_rate: Annotated[str, typer.Option(help="SQLs per MQL, 0 to 1, or before:after.")],
    win_rate: Annotated[str, typer.Option(help="Won deals per SQL, 0 to 1, or before:after.")],
    acv: Annotated[str, typer.Option(help="Value of a won deal, or before:after.")],
    cost: Annotated[str | None, typer.Option(help="Spent a month, or before:after; gives the CAC.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show won deals and revenue a month, before and after, and the effect of each range and of 10 % more."""
    given = read_scenario(mqls=mqls, sql_rate=sql_rate, win_rate=win_rate, acv=acv, cost=cost)
    columns = {"before": given.before, "after": given.after}
    columns |= {f"only {_say(name)}": inputs for name, inputs in given.alone().items()}
    if as_json:
        body = given.describe()
        alone_figures = {f"only {_say(name)}": figures for name, figures in body.pop("alone").items()}
        print_json(body | alone_figures, default=float)
        return
    alone = len(columns) == 3
    console.print(_draw_scenario({k: v for k, v in columns.items() if not (alone and k.startswith("only"))}))
    if given.times is not None:
        console.print(f"{given.times:.2f} times as many deals", highlight=False)
    console.print(_draw_sensitivity(given))


def _parse_month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        raise PermanentError(f"{text!r} is not a month; give a month as 2026-07") from None


def _find_known_by(connection: Connection, known_on: date | None) -> datetime | None:
    """Return the end of `known_on`; None asks about now, and needs no settings."""
    if known_on is None:
        return None
    zone, first = read_config().company.zone, find_first_refresh(connection)
    return resolve_known_on(known_on, zone=zone, now=clock(), first=first).known_by


def _find_day(connection: Connection, wanted: date | None, known_by: datetime | None) -> date:
    """Return `wanted`, or the newest day computed by `known_by`; raise PermanentError if there is none.

    If nothing is known about the day, the error says so, because a refresh would not help.
    """
    found = find_newest_day(connection, wanted, known_by=known_by)
    if found is None and known_by is not None:
        raise PermanentError(f"{wanted or 'no day'} was not computed by then; give a later --known-on")
    if found is None:
        config = read_config()
        company, settings, now = config.company, config.economics, clock()
        day = wanted or last_whole_day(now, company.zone)
        if has_data(connection, day=day, settings=settings, company=company, now=now):
            option = f" --day {wanted}" if wanted else ""
            for_day = f" for {wanted}" if wanted else ""
            raise PermanentError(f"nothing is computed{for_day} yet; run leadops economics refresh{option}")
        first = find_first_month(day, settings=settings)
        raise PermanentError(
            f"there is nothing to show for {day}: no cost, MQL or won deal is known from {first:%Y-%m} on;"
            " leadops import brings them in, --day shows an older time"
        )
    return found


def _draw(rows: list[dict[str, Any]], *, as_of: date, by_campaign: bool) -> Table:
    table = Table(title=f"{rows[0]['currency']}, as of the end of {as_of}")
    for name in ("campaign" if by_campaign else "month", "cost", "won", "value", "CAC"):
        table.add_column(name, justify="left" if name in ("campaign", "month") else "right")
    for name in ("MQLs", "of them won", "open", "CAC of them", "payback, months"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            _name(row) if by_campaign else f"{row['month']:%Y-%m}" + ("" if row["is_over"] else " ~"),
            *(_number(row[name]) for name in ("cost", "won", "value", "cac", "mqls", "cohort_won")),
            _number(row["cohort_open"]),
            *(
                _number(row[name]) + ("" if row["is_mature"] or row[name] is None else " *")
                for name in ("cohort_cac", "payback_months")
            ),
            style="bold" if by_campaign and row["is_total"] else None,
        )
    return table


def _draw_costs(parts: list[dict[str, Any]]) -> Table:
    table = Table("campaign", "category", title="What was spent")
    for name in ("its own", "its part of what is for all"):
        table.add_column(name, justify="right")
    for part in parts:
        table.add_row(_name(part), part["category"], _number(part["direct"]), _number(part["allocated"]))
    return table


def _name(row: dict[str, Any]) -> str:
    if row.get("is_total"):
        return "all"
    return row["campaign"] or {"no_campaign": "(no campaign)"}.get(row["line"], "(shared, not allocated)")


def _number(value: Decimal | int | None) -> str:
    return "–" if value is None else f"{value:,}".removesuffix(".00")


def _draw_scenario(columns: dict[str, Inputs]) -> Table:
    table = Table("a month")
    for name in columns:
        table.add_column(name, justify="right")
    figures = {name: inputs.figures() for name, inputs in columns.items()}
    for row, form in {
        "mqls": ",.0f",
        "sql_rate": ".1%",
        "win_rate": ".1%",
        "acv": ",.0f",
        "cost": ",.0f",
        "sqls": ",.1f",
        "won": ",.1f",
        "revenue": ",.0f",
        "cac": ",.0f",
    }.items():
        values = [each[row] for each in figures.values()]
        if any(value is not None for value in values):
            table.add_row(_say(row), *("–" if value is None else format(value, form) for value in values))
    return table


def _draw_sensitivity(given: Scenario) -> Table:
    table = Table("10 % more", title="What each input does")
    for name in ("won deals", "revenue", "CAC"):
        table.add_column(name, justify="right")
    before = given.before
    for name, inputs in given.sensitivity().items():
        capped = " (to 100 %)" if name.endswith("rate") and getattr(inputs, name) == 1 else ""
        table.add_row(
            _say(name) + capped,
            f"{inputs.won - before.won:+,.1f}",
            f"{inputs.revenue - before.revenue:+,.0f}",
            "–" if inputs.cac is None or before.cac is None else f"{inputs.cac - before.cac:+,.0f}",
        )
    return table


def _say(name: str) -> str:
    return {
        "mqls": "MQLs",
        "sql_rate": "SQL rate",
        "win_rate": "win rate",
        "acv": "value of a deal",
        "cost": "cost",
        "sqls": "SQLs",
        "won": "won deals",
        "cac": "CAC",
    }.get(name, name)
