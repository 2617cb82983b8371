"""Computes the credits of the period that ends with a day, and writes them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from leadops.attribution.attribution_settings import MODELS, AttributionSettings
from leadops.attribution.names import ALL
from leadops.calendar.local_days import day_bounds
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_day_lock
from leadops.queries import Queries

if TYPE_CHECKING:
    from leadops.attribution.compute_credits import PeriodCredits

queries = Queries(__file__, topic="credits")


@dataclass(frozen=True)
class AttributionRefreshResult:
    """What a refresh wrote; without numbers, `note` says why."""

    day: date
    since: date
    conversions: int
    value: Decimal
    untouched: int
    touches: int
    rows: int
    note: str | None


def refresh_attribution(
    connection: Connection, *, day: date, settings: AttributionSettings, company: Company, now: datetime
) -> AttributionRefreshResult:
    """Write attribution.credits and .periods for the `period_days` that end with the local `day`.

    It uses what is known when it runs about what happened by the end of `day`. So a day can be run again, in
    any order; what happened later changes nothing. One transaction: the old rows stay until it commits.
    Raises PermanentError if the day has not begun, and psycopg.Error.
    """
    from leadops.attribution.compute_credits import compute_credits  # loads numpy

    since = day - timedelta(days=settings.period_days - 1)
    first, last = day_bounds(since, company.zone), day_bounds(day, company.zone)
    if last.start > now:
        raise PermanentError(f"{day} has not begun in {company.timezone}; give an earlier day")
    with connection.transaction():
        hold_day_lock(connection, Lock.ATTRIBUTION, day_number=day.toordinal())
        period = compute_credits(
            connection,
            day=day,
            since=first.start,
            until=last.until,
            settings=settings,
            fold_case=company.fold_case,
        )
        without_rate = queries.value(
            connection,
            "count_without_rate",
            stage=settings.conversion.stage,
            since=first.start,
            until=last.until,
        )
        known_from = queries.value(connection, "find_known_from", dt=day, now=now)
        queries.run(connection, "pass_period", dt=day, known_from=known_from)
        queries.run(connection, "pass_credits", dt=day, known_from=known_from)
        queries.run(
            connection,
            "insert_period",
            dt=day,
            since=since,
            conversion=settings.conversion.text,
            conversions=period.conversions,
            value=period.value,
            untouched=period.untouched,
            touches=period.touches,
            null_paths=period.null_paths,
            settings=settings.hash,
            known_from=known_from,
            without_rate=without_rate,
        )
        rows = [row | {"known_from": known_from} for row in _list_rows(day, period)]
        queries.run_many(connection, "insert_credit", rows)
    return AttributionRefreshResult(
        day,
        since,
        period.conversions,
        period.value,
        period.untouched,
        period.touches,
        len(rows),
        period.note,
    )


def _list_rows(day: date, period: "PeriodCredits") -> Iterable[dict[str, Any]]:
    numbers = ("conversions", "conversions_low", "conversions_high", "value", "value_low", "value_high")
    for breakdown, credits in period.credits.items():
        other = "campaign" if breakdown == "channel" else "channel"
        for credit in credits:
            yield {
                "dt": day,
                "breakdown": breakdown,
                "model": credit.model,
                breakdown: credit.name,
                other: ALL,
                "note": None,
            } | {name: getattr(credit, name) for name in numbers}
        if period.note:
            for model in MODELS:
                yield {
                    "dt": day, "breakdown": breakdown, "model": model, breakdown: ALL, other: ALL,
                    "note": period.note,
                } | dict.fromkeys(numbers)  # fmt: skip
