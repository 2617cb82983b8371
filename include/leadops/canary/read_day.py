"""What a span of visits was like: how long each hop took, and its longest time in each hour."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import NamedTuple

from leadops.canary.hops import HOPS
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class HopTimes:
    """A hop in a span; all spans in seconds, None where no visit has come through.

    `open_visits` are still at it, the oldest for `waiting`; `late_visits` took longer than `limit_seconds`.
    `last_at` (UTC): when one last came through, having taken `newest`.
    """

    hop: str
    visits: int
    open_visits: int
    late_visits: int
    median: float | None
    high: float | None
    longest: float | None
    newest: float | None
    last_at: datetime | None
    limit_seconds: float
    waiting: float | None

    @property
    def is_late(self) -> bool:
        """Whether a visit waits there for longer than the limit now."""
        return self.waiting is not None and self.waiting > self.limit_seconds


@dataclass(frozen=True)
class HopSummary(HopTimes):
    """The same with `hours`: the longest time of each hour of the span, None where no visit began."""

    hours: Sequence[float | None] = ()


class HopHour(NamedTuple):
    """The longest time, in seconds, of a hop in the hour that begins `hour` hours after the span does."""

    hop: str
    hour: int
    longest: float | None


def read_span(connection: Connection, *, start: datetime, until: datetime, now: datetime) -> list[HopSummary]:
    """Return the hops that began in [start, until) (UTC) as of `now`, in the order of a visit."""
    span = {"start": start, "until": until, "now": now}
    found = {each.hop: each for each in queries.all(connection, "summarise_hops", HopTimes, **span)}
    hours: dict[str, list[float | None]] = {
        hop: [None] * ceil((until - start) / timedelta(hours=1)) for hop in found
    }
    for hour in queries.all(connection, "list_hours", HopHour, **span):
        hours[hour.hop][hour.hour] = hour.longest
    return [HopSummary(**vars(found[hop]), hours=hours[hop]) for hop in HOPS if hop in found]
