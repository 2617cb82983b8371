"""`leadops attribution`: the share of the conversions that each channel or campaign gets."""

from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from leadops.attribution.attribution_settings import MODELS
from leadops.attribution.read_credits import (
    AttributionPeriod,
    CreditLine,
    find_first_period,
    list_credits,
)
from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.calendar.known_on import resolve_known_on
from leadops.calendar.local_days import last_whole_day
from leadops.cli.context import clock, open_database, read_config
from leadops.cli.day_option import DayOption, KnownOnOption
from leadops.cli.made_up_line import print_made_up
from leadops.cli.terminal import console
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import find_past

app = typer.Typer(help="Which touches led to conversions.", no_args_is_help=True)


class By(StrEnum):
    """What credits are shown by."""

    channel = "channel"
    campaign = "campaign"


@app.command("show")
def show_credits(
    model: Annotated[str | None, typer.Option(help=f"{', '.join(MODELS)}; default: all.")] = None,
    by: Annotated[By, typer.Option(help="What gets the credit.")] = By.channel,
    day: DayOption = None,
    known_on: KnownOnOption = None,
) -> None:
    """Show the credits of the period that ends with DAY (default: the newest one), with intervals.

    With --known-on, what this printed at the end of that day.
    """
    config = read_config()
    if model is not None and model not in MODELS:
        raise PermanentError(f"no model {model}; the models are {', '.join(MODELS)}")
    with open_database() as connection:
        asked = resolve_known_on(
            known_on,
            zone=config.company.zone,
            now=clock(),
            first=find_first_period(connection) if known_on else None,
        )
        period, lines = list_credits(
            connection, day=day, breakdown=by.value, model=model, known_by=asked.known_by
        )
        past = find_past(connection)
    company = config.company
    console.print(_describe(period, company.currency), highlight=False)
    if lines and lines[0].note:
        console.print(f"No numbers: {lines[0].note}.", highlight=False)
    elif lines:
        table = _draw(lines, by.value) if model else _draw_all(lines, by.value)
        console.print(table)
    print_made_up(past)


@app.command("refresh")
def refresh(day: DayOption = None) -> None:
    """Recompute the credits of the period that ends with DAY (default: yesterday), like refresh_funnel."""
    config = read_config()
    company = config.company
    now = clock()
    with open_database() as connection:
        done = refresh_attribution(
            connection,
            day=day or last_whole_day(now, company.zone),
            settings=config.attribution,
            company=company,
            now=now,
        )
    note = f"; no numbers: {done.note}" if done.note else ""
    console.print(
        f"{done.since} to {done.day}: {done.conversions} conversions, {done.touches} touches{note}",
        highlight=False,
    )


def _describe(period: AttributionPeriod, currency: str) -> str:
    worth = f" worth {period.value:,.2f} {currency}" if period.value else ""
    return (
        f"{period.since} to {period.dt}: {period.conversions:,} conversions ({period.conversion})"
        f"{worth}, {period.untouched:,} without a touch; {period.touches:,} touches,"
        f" {period.null_paths:,} paths that led to none"
        + (f"; {period.without_rate:,} without a rate of their currency" if period.without_rate else "")
    )


def _draw(lines: list[CreditLine], by: str) -> Table:
    """One model: each name's share, credit and interval."""
    total = sum((line.conversions or Decimal(0) for line in lines), Decimal(0))
    table = Table(by)
    for title in ("conversions", "from", "to", "share", "value", "from", "to"):
        table.add_column(title, justify="right")
    for line in lines:
        share = 100 * (line.conversions or 0) / total if total else Decimal(0)
        table.add_row(
            line.name,
            *(f"{number:,.1f}" for number in (line.conversions, line.conversions_low, line.conversions_high)),
            f"{share:.1f} %",
            *(f"{number:,.2f}" for number in (line.value, line.value_low, line.value_high)),
        )
    return table


def _draw_all(lines: list[CreditLine], by: str) -> Table:
    """All models side by side: conversions."""
    table = Table(by)
    for model in MODELS:
        table.add_column(model, justify="right")
    credit = {(line.name, line.model): line.conversions for line in lines}
    for name in dict.fromkeys(line.name for line in lines):
        table.add_row(name, *(f"{credit.get((name, model), 0):,.1f}" for model in MODELS))
    return table
