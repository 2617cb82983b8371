"""`leadops push`: send everything that is pending."""

from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Annotated

import typer

from leadops.cli.context import clock, find_product, open_database, read_config, sleep
from leadops.cli.terminal import console
from leadops.configuration import Config
from leadops.delivery.database_mark import open_mark
from leadops.delivery.forecast_calls import CallForecast, forecast_calls
from leadops.delivery.push import push_target
from leadops.delivery.push_report import PushReport
from leadops.delivery.score_pusher import choose_pusher
from leadops.effect_guards import EFFECT_GUARDS
from leadops.errors import ConfigError, TransientError
from leadops.products.product import Product
from leadops.products.registry import DEFAULT_PRODUCT, choose_product, load_product
from leadops.settings import database_url, mark_folder


def push(
    target: Annotated[str, typer.Option(help="Only this target (ma or crm).")] = "",
    seconds: Annotated[float, typer.Option(help="Stop after this many seconds.", min=1)] = 600,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say how many calls that takes, and how many are left."),
    ] = False,
) -> None:
    """Send pending score changes and operations to the MA and the CRM.

    Exits with 1 when a target does not take them; they stay on record for the next push.
    """
    config = read_config()
    if dry_run:
        with open_database() as connection:
            for name in [target] if target else list(config.delivery.targets):
                limits = config.delivery.find_target(name)
                forecasts = forecast_calls(
                    connection,
                    name,
                    limits,
                    product=find_likely_product(name, config),
                    now=clock(),
                )
                console.print(f"{name}: {describe_forecast(forecasts)}", highlight=False)
        return
    settings = config.delivery
    until = clock() + timedelta(seconds=seconds)
    problems = []
    for name in [target] if target else list(settings.targets):
        settings.find_target(name)
        with console.status(f"pushing to {name} …"):
            done = push_target(
                database_url=database_url(),
                endpoint=find_product(name, config),
                target=name,
                pusher_type=choose_pusher(name),
                settings=settings,
                clock=clock,
                sleep=sleep,
                until=until,
                identity=config.identity,
                mark=open_mark(mark_folder()),
                guards=EFFECT_GUARDS,
            )
        console.print(f"{name}: {describe(done)}")
        if done.problem:
            problems.append(f"{name}: {done.problem}")
    if problems:
        raise TransientError("not everything was taken, it stays on record: " + "; ".join(problems))


def find_likely_product(target: str, config: Config) -> Product:
    """Return the product of a target; our own contract while there is no connection to it."""
    try:
        return choose_product(find_product(target, config))
    except ConfigError:
        return load_product(DEFAULT_PRODUCT)


def describe_forecast(forecasts: Sequence[CallForecast]) -> str:
    """Return in one line what waits, the calls that it takes, and whether the day has as many left."""
    parts = []
    for forecast in forecasts:
        line = (
            f"{forecast.lane.name.lower()} {forecast.effects} effects and {forecast.deltas} score changes"
            f" in {forecast.calls} calls"
        )
        left = forecast.allowance
        if left.calls is not None:
            until = (
                f"; the rest waits until {left.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
                if forecast.is_short
                else ""
            )
            line += f" ({left.calls} left today{until})"
        parts.append(line)
    return ", ".join(parts)


def describe(done: PushReport) -> str:
    """Return a push in one line."""
    return (
        f"{done.deltas} deltas and {done.effects} effects in {done.calls} calls, "
        f"{done.dead} dead letters, {done.failed} to be sent again"
    )
