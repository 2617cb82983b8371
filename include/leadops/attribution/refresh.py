"""Works out the credits of the period that ends with a day, and writes them whole."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from leadops.attribution.attribution_settings import MODELS, AttributionSettings
from leadops.attribution.names import ALL
from leadops.calendar.local_days import day_bounds
from leadops.company import Company
from leadops.db import Connection, load_sql
from leadops.errors import PermanentError

if TYPE_CHECKING:
    from leadops.attribution.work_out import WorkedOut

#: The first key of the lock that lets one refresh of a day run at a time; the second is the day.
LOCK = 7_302_020


@dataclass(frozen=True)
class Refreshed:
    """What a refresh wrote; `note` says why there are no numbers, where there are none."""

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
) -> Refreshed:
    """Write attribution.credits and .periods of the `period_days` that end with the local `day`, whole.

    Of what happened by the end of `day` it takes what is known when it runs, so any day can be run again, in
    any order; what happened later changes nothing. One transaction: until it commits, the former rows stand.
    Raises PermanentError for a day that has not begun, and psycopg.Error.
    """
    from leadops.attribution.work_out import work_out  # numpy is for those who refresh, not who import

    since = day - timedelta(days=settings.period_days - 1)
    first, last = day_bounds(since, company.zone), day_bounds(day, company.zone)
    if last.start > now:
        raise PermanentError(f"{day} has not begun in {company.timezone}; give an earlier day")
    with connection.transaction():
        connection.execute(load_sql(__package__, "lock_day"), {"lock": LOCK, "day": day.toordinal()})
        done = work_out(connection, day=day, since=first.start, until=last.until, settings=settings)
        connection.execute(load_sql(__package__, "delete_day"), {"dt": day})
        connection.execute(
            load_sql(__package__, "insert_period"),
            {
                "dt": day,
                "since": since,
                "conversion": settings.conversion.text,
                "conversions": done.conversions,
                "value": done.value,
                "untouched": done.untouched,
                "touches": done.touches,
                "null_paths": done.null_paths,
                "settings": settings.hash,
                "now": now,
            },
        )
        rows = list(_rows(day, done))
        with connection.cursor() as cursor:
            cursor.executemany(load_sql(__package__, "insert_credits"), rows)
    return Refreshed(
        day, since, done.conversions, done.value, done.untouched, done.touches, len(rows), done.note
    )


def _rows(day: date, done: "WorkedOut") -> Iterable[dict[str, Any]]:
    numbers = ("conversions", "conversions_low", "conversions_high", "value", "value_low", "value_high")
    for breakdown, credits in done.credits.items():
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
        if done.note:
            for model in MODELS:
                yield {
                    "dt": day, "breakdown": breakdown, "model": model, breakdown: ALL, other: ALL,
                    "note": done.note,
                } | dict.fromkeys(numbers)  # fmt: skip
