"""The credits of a day, as they are on record."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from psycopg.rows import class_row

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError


@dataclass(frozen=True)
class Period:
    """The period that ends with `dt`, and what its conversions are."""

    dt: date
    since: date
    conversion: str
    conversions: int
    value: Decimal
    untouched: int
    touches: int
    null_paths: int


@dataclass(frozen=True)
class Line:
    """What `model` gives to the channel or campaign `name`; or, all empty, a `note` why."""

    model: str
    name: str
    conversions: Decimal | None
    conversions_low: Decimal | None
    conversions_high: Decimal | None
    value: Decimal | None
    value_low: Decimal | None
    value_high: Decimal | None
    note: str | None


def list_credits(
    connection: Connection, *, day: date | None, breakdown: str, model: str | None
) -> tuple[Period, list[Line]]:
    """Return the period of `day` (None: the newest) and its lines, of one `model` or of all.

    `breakdown` is channel or campaign. Raises PermanentError where the day was never worked out.
    """
    with connection.cursor(row_factory=class_row(Period)) as cursor:
        period = cursor.execute(load_sql(__package__, "find_period"), {"dt": day}).fetchone()
    if period is None:
        said = f"{day} is not worked out" if day else "no day is worked out yet"
        raise PermanentError(f"{said}; run leadops attribution refresh --day {day or 'YYYY-MM-DD'}")
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        wanted = {"dt": period.dt, "breakdown": breakdown, "model": model}
        return period, cursor.execute(load_sql(__package__, "list_credits"), wanted).fetchall()
