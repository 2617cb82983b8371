"""The check on space: is a disk or the database nearly full, or will it be within days?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, form_finding
from leadops.queries import Queries

queries = Queries(__file__, topic="space")

DAY = timedelta(days=1)
#: A place without a newer sample does not exist any more, such as the disk of a container that has gone.
FORGET_AFTER = timedelta(hours=6)
#: Two samples that lie closer together say little about a day.
SHORTEST_SPAN = timedelta(hours=20)
GIB = 1024**3


@dataclass(frozen=True)
class SpaceTrend:
    """The newest sample of a place, and one that lies about a day before it (None: there is none yet)."""

    place: str
    sampled_at: datetime
    used_bytes: int
    free_bytes: int
    earlier_at: datetime | None
    earlier_used_bytes: int | None

    @property
    def free_share(self) -> float:
        """The free part of the whole."""
        total = self.used_bytes + self.free_bytes
        return self.free_bytes / total if total else 0.0

    @property
    def days_left(self) -> float | None:
        """Days until the place is full at the rate of the last day; None: it does not grow, or unknown."""
        if self.earlier_at is None or self.earlier_used_bytes is None:
            return None
        grown = self.used_bytes - self.earlier_used_bytes
        if grown <= 0:
            return None
        return self.free_bytes / grown * ((self.sampled_at - self.earlier_at) / DAY)


def check_space(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find places that are nearly full or will be full within `full_within_days`; one finding a place.

    Between the limits and twice the limits nothing is known, so that an incident does not flap.
    """
    limits = given.settings.space
    trends = queries.all(
        connection,
        "list_trends",
        SpaceTrend,
        since=given.now - FORGET_AFTER,
        day=DAY,
        shortest=SHORTEST_SPAN,
    )
    findings = []
    for trend in trends:
        status = limits.classify(trend.free_share, trend.days_left)
        facts = {
            "place": trend.place,
            "free": round(trend.free_bytes / GIB, 1),
            "percent": round(100 * trend.free_share, 1),
            "days": None if trend.days_left is None else round(trend.days_left, 1),
        }
        if status != "ok":
            findings.append(form_finding("space_short", status, facts, since=given.now))
    return findings


CHECKS = (Check("space", ("space_short",), check_space),)
