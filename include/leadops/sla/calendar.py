"""Counted time: the minutes that pass while an SLA clock runs, exact over holidays and clock changes."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from leadops.errors import ConfigError
from leadops.sla.local_time import spans_in_utc
from leadops.sla.policy import SlaPolicy, Span

WHOLE_DAY: list[Span] = [(0, 1440)]
#: A target that is not reached after so many days in a row without counted time never will be.
LONGEST_REST = 366


class Calendar:
    """Which instants count, and which are staffed by the salespeople themselves; works out each day once."""

    def __init__(self, policy: SlaPolicy) -> None:
        self.zone: ZoneInfo = policy.zone
        self._policy = policy
        self._public = policy.holidays.public()
        self._extra = frozenset(policy.holidays.extra)
        self._counted: dict[date, list[tuple[datetime, datetime]]] = {}

    def working_spans(self, day: date) -> list[Span]:
        """Return when salespeople work on the local `day`: nothing on holidays."""
        if day in self._extra or (self._public is not None and day in self._public):
            return []
        return self._policy.working_hours.on(day.weekday())

    def counted_spans(self, day: date) -> list[Span]:
        """Return when clocks run on the local `day`: working hours, and the hours that are handed over."""
        working = self.working_spans(day)
        rule = self._policy.off_hours.nights if working else self._policy.off_hours.free_days
        return WHOLE_DAY if rule == "handover" else working

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return `counted_spans` as pairs of UTC instants, in order."""
        if day not in self._counted:
            self._counted[day] = spans_in_utc(self.counted_spans(day), day, self.zone)
        return self._counted[day]

    def is_staffed(self, moment: datetime) -> bool:
        """Say whether salespeople work at `moment`."""
        return self._lies_in(moment, self.working_spans)

    def is_counted(self, moment: datetime) -> bool:
        """Say whether clocks run at `moment`."""
        return self._lies_in(moment, self.counted_spans)

    def _lies_in(self, moment: datetime, spans: Callable[[date], list[Span]]) -> bool:
        local = moment.astimezone(self.zone)
        minutes = local.hour * 60 + local.minute
        return any(start <= minutes < end for start, end in spans(local.date()))


def business_minutes(start: datetime, end: datetime, calendar: Calendar) -> float:
    """Return the counted minutes between two aware times; 0.0 when `end` is not after `start`."""
    return _counted_time(start, end, calendar) / timedelta(minutes=1)


def _counted_time(start: datetime, end: datetime, calendar: Calendar) -> timedelta:
    total = timedelta()
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    # A clock set back over midnight returns to the day before: look one day further on both sides.
    day = start.astimezone(calendar.zone).date() - timedelta(days=1)
    last = end.astimezone(calendar.zone).date() + timedelta(days=1)
    while day <= last:
        for opens, closes in calendar.counted(day):
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    return total


def add_business_minutes(start: datetime, minutes: float, calendar: Calendar) -> datetime:
    """Return the first instant (UTC) by which `minutes` counted minutes have passed since `start`.

    Exact to the microsecond. Raises ConfigError when a whole year has no counted time.
    """
    left = timedelta(minutes=minutes)
    moment = start.astimezone(UTC)
    if left <= timedelta():
        return moment
    day, rest = moment.astimezone(calendar.zone).date(), 0
    while rest <= LONGEST_REST:
        rest += 1
        for opens, closes in calendar.counted(day):
            begins = max(opens, moment)
            if begins < closes:
                if closes - begins >= left:
                    return begins + left
                left -= closes - begins
                rest = 0
        day += timedelta(days=1)
    raise ConfigError("sla.yaml: no counted time within a year; check working_hours and holidays")
