"""The working time and the free days of a stretch of days, as arrays by which SQL counts minutes."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import ONE_DAY, day_of
from leadops.calendar.local_time import spans_in_utc
from leadops.sla.sla_policy import WHOLE_DAY, SlaCalendar, SlaPolicy

MINUTE = timedelta(minutes=1)


class Spans(NamedTuple):
    """Spans in order of time, and how many minutes of spans lie before each."""

    starts: list[datetime]
    ends: list[datetime]
    before: list[float]


class Clocks(NamedTuple):
    """When salespeople work, and the days on which nobody does."""

    working: Spans
    free: Spans

    def values(self) -> dict[str, object]:
        """Return the parameters by which the statements of this stage take them."""
        return {
            f"{name}_{part}": values
            for name, spans in self._asdict().items()
            for part, values in spans._asdict().items()
        }


def list_clocks(policy: SlaPolicy, *, since: datetime, until: datetime) -> Clocks:
    """Return the working spans and the free days from `since` to `until` by the SLA policy."""
    calendar = SlaCalendar(policy)
    # A clock set back over midnight returns to the day before: look one day further on both sides.
    day, last = day_of(since, policy.zone) - ONE_DAY, day_of(until, policy.zone) + ONE_DAY
    working: list[tuple[datetime, datetime]] = []
    free: list[tuple[datetime, datetime]] = []
    while day <= last:
        spans = calendar.working_spans(day)
        working += spans_in_utc(spans, day, policy.zone)
        free += [] if spans else _whole(day, policy.zone)
        day += ONE_DAY
    return Clocks(_sum_up(sorted(working), since), _sum_up(sorted(free), since))


def _whole(day: date, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    return spans_in_utc(WHOLE_DAY, day, zone)


def _sum_up(spans: Sequence[tuple[datetime, datetime]], since: datetime) -> Spans:
    """Return `spans` with what lies before each; an empty one stands first, so that there is always one."""
    first = min([since, *(start for start, _ in spans)])
    padded = [(first, first), *spans]
    lengths = [(end - start) / MINUTE for start, end in padded]
    return Spans([start for start, _ in padded], [end for _, end in padded], [0.0, *accumulate(lengths[:-1])])
