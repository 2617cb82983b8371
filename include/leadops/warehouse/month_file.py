"""The name of a Parquet file of a mart: month and change numbers, and which other files it replaces."""

import re
from dataclasses import dataclass
from datetime import datetime

from leadops.warehouse.partitions import name_month, parse_month

MONTH = "happened_month"
FILE = re.compile(rf"{MONTH}=(\d{{4}}-\d{{2}})/(\d{{20}})-(\d{{20}})\.parquet$")


@dataclass(frozen=True, order=True)
class MonthFile:
    """A file of a month with the rows in (after, last]."""

    month: datetime
    after: int
    last: int

    @property
    def name(self) -> str:
        """The path within the table's folder."""
        return f"{MONTH}={name_month(self.month)}/{self.after:020}-{self.last:020}.parquet"

    def replaces(self, other: "MonthFile") -> bool:
        """Whether the other file counts no more."""
        return (
            self.month == other.month
            and self.after <= other.after
            and other.last <= self.last
            and (self.after, self.last) != (other.after, other.last)
        )


def parse_path(path: str) -> MonthFile | None:
    """Return what a path names; None: somebody else's file."""
    found = FILE.search(path)
    return MonthFile(parse_month(found[1]), int(found[2]), int(found[3])) if found else None
