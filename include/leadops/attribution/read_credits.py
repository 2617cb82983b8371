"""The credits of a day, as they are on record."""

from dataclasses import dataclass
from datetime import date, datetime
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
    connection: Connection,
    *,
    day: date | None,
    breakdown: str,
    model: str | None,
    known_by: datetime | None = None,
) -> tuple[AttributionPeriod, list[CreditLine]]:
    """Return the period of `day` (None: the newest) and its lines, of one `model` or of all.

    As they stood just before `known_by` (UTC); None: as they stand now. `breakdown` is channel or campaign.
    Raises PermanentError if the day was not computed by then.
    """
    period = queries.first(connection, "find_period", AttributionPeriod, dt=day, moment=known_by)
    if period is None:
        reason = f"{day} is not computed" if day else "no day is computed yet"
        if known_by is not None:
            raise PermanentError(f"{day or 'no day'} was not computed by then; give a later --known-on")
        raise PermanentError(f"{reason}; run leadops attribution refresh --day {day or 'YYYY-MM-DD'}")
    lines = queries.all(
        connection,
        "list_credits",
        CreditLine,
        dt=period.dt,
        breakdown=breakdown,
        model=model,
        moment=known_by,
    )
    return period, lines


def find_first_period(connection: Connection) -> datetime | None:
    """Return when credits were first computed (UTC); None: never."""
    first: datetime | None = queries.value(connection, "find_first_period")
    return first
