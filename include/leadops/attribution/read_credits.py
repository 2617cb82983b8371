"""The credits of a day, as they are on record."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.queries import Queries

queries = Queries(__file__, topic="credits")


@dataclass(frozen=True)
class AttributionPeriod:
    """The period that ends with `dt`, and what its conversions are."""

    dt: date
    since: date
    conversion: str
    conversions: int
    value: Decimal
    untouched: int
    touches: int
    null_paths: int
    without_rate: int  # deals in another currency without a rate, which have no value


@dataclass(frozen=True)
class CreditLine:
    """What `model` gives to the channel or campaign `name`; without numbers, `note` says why."""

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
) -> tuple[AttributionPeriod, list[CreditLine]]:
    """Return the period of `day` (None: the newest) and its lines, of one `model` or of all.

    `breakdown` is channel or campaign. Raises PermanentError if the day was never computed.
    """
    period = queries.first(connection, "find_period", AttributionPeriod, dt=day)
    if period is None:
        reason = f"{day} is not computed" if day else "no day is computed yet"
        raise PermanentError(f"{reason}; run leadops attribution refresh --day {day or 'YYYY-MM-DD'}")
    lines = queries.all(
        connection, "list_credits", CreditLine, dt=period.dt, breakdown=breakdown, model=model
    )
    return period, lines
