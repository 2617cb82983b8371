"""The partitions of a table: the months of UTC in which something happened, and what a month holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

#: Before and after every month that a table can hold.
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Fingerprint:
    """What two copies of a partition have in common if they are the same.

    `total`: the sum of all numbers of all rows, numerics in units of their last digit; `hash`: the sum of the
    first 32 bits of the MD5 of each row. Neither depends on the order of the rows.
    """

    row_count: int
    total: int
    hash: int


NO_ROWS = Fingerprint(0, 0, 0)
#: Fingerprints by the first moment of the month.
Fingerprints = Mapping[datetime, Fingerprint]


def start_of_month(moment: datetime) -> datetime:
    """Return the first moment of the month in UTC."""
    return moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def end_of_month(month: datetime) -> datetime:
    """Return the first moment after the month that `month` begins."""
    if month >= LAST.replace(day=1):
        return LAST
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def name_month(month: datetime) -> str:
    """Return a month as 2026-05."""
    return f"{month.year:04}-{month.month:02}"


def parse_month(text: str) -> datetime:
    """Return the first moment of a month that is given as 2026-05; raises ValueError."""
    return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
