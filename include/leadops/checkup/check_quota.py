"""What is left of the day's calls of a target, beside what waits for it; reads only."""

from collections.abc import Iterator
from datetime import UTC, datetime

from leadops.clients.call_outcomes import Answered
from leadops.db import Connection
from leadops.delivery.delivery_settings import TargetSettings
from leadops.delivery.forecast_calls import CallForecast, forecast_calls
from leadops.products.check_line import CheckLine
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import QuotaReading

SUBJECT = "quota"
USED_UP = "raise the quota, let others of the account make fewer calls, or wait"


def check_quota(
    connection: Connection, client: ProductClient, target: str, settings: TargetSettings, *, now: datetime
) -> Iterator[CheckLine]:
    """Yield the calls that are left of the day, and how many what waits for `target` takes.

    The product is asked where it has a call for it; what leadops itself counts and knows of the day counts
    too. The reading is not kept.
    """
    call = client.product.make_quota_call()
    outcome = None if call is None else client.send(call)
    reading = client.take_quota()
    if outcome is not None and not isinstance(outcome, Answered):
        yield CheckLine.change(
            SUBJECT,
            f"the day's calls cannot be read ({outcome.reason}); give the token the right to read them",
        )
    with connection.transaction():
        forecasts = forecast_calls(connection, target, settings, product=client.product, now=now)
    needed = sum(forecast.calls for forecast in forecasts)
    waiting = f"what waits takes {needed:,} calls"
    if reading is not None and (reading.used is not None or reading.used_up_for):
        yield _describe_reading(reading, needed, waiting, limit=settings.daily_calls)
    if forecasts[0].allowance.calls is not None:
        yield _describe_allowance(forecasts, waiting)
    elif reading is None or reading.limit is None:
        yield CheckLine.note(
            SUBJECT,
            f"{waiting}; the day has no limit here: where the account has one, set daily_calls of {target} in"
            " delivery.yaml",
        )


def _describe_reading(reading: QuotaReading, needed: int, waiting: str, *, limit: int | None) -> CheckLine:
    if reading.used_up_for:
        return CheckLine.change(
            SUBJECT, f"used up for {reading.used_up_for / 3600:.1f} h more; {waiting}: {USED_UP}"
        )
    used = reading.used or 0
    limit = reading.limit or limit
    if limit is None:
        return CheckLine.note(SUBJECT, f"{used:,} calls of the whole account today; {waiting}")
    text = f"{used:,} of {limit:,} calls of the whole account used, {max(limit - used, 0):,} left; {waiting}"
    return (
        CheckLine.change(SUBJECT, f"{text}: {USED_UP}")
        if needed > limit - used
        else CheckLine.ok(SUBJECT, text)
    )


def _describe_allowance(forecasts: list[CallForecast], waiting: str) -> CheckLine:
    left = forecasts[0].allowance
    until = f"{left.ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    text = f"{left.calls:,} calls left to leadops until {until}; {waiting}"
    if any(forecast.is_short for forecast in forecasts):
        return CheckLine.change(SUBJECT, f"{text}: raise daily_calls in delivery.yaml, or wait")
    return CheckLine.ok(SUBJECT, text)
