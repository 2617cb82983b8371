"""Which instants count for an SLA clock, and which are staffed by the salespeople themselves."""

from collections.abc import Callable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from leadops.calendar.local_time import spans_in_utc
from leadops.calendar.working_hours import Span
from leadops.sla.sla_policy import SlaPolicy

WHOLE_DAY: list[Span] = [(0, 1440)]


class SlaCalendar:
    """Which instants count, and which are staffed by the salespeople themselves; computes each day once."""

    def __init__(self, policy: SlaPolicy) -> None:
        self.zone: ZoneInfo = policy.zone
        self._policy = policy
        self._public = policy.holidays.public()
        self._extra = frozenset(policy.holidays.extra)
        self._counted: dict[date, list[tuple[datetime, datetime]]] = {}

    def is_holiday(self, day: date) -> bool:
        """Return whether the local `day` is a public holiday or one of the company's own days off."""
        return day in self._extra or (self._public is not None and day in self._public)

    def working_spans(self, day: date) -> list[Span]:
        """Return when salespeople work on the local `day`; empty on holidays."""
        if self.is_holiday(day):
            return []
        return self._policy.working_hours.on(day.weekday())

    def counted_spans(self, day: date) -> list[Span]:
        """Return when clocks run on the local `day`: working hours, and hours that are handed over."""
        working = self.working_spans(day)
        rule = self._policy.off_hours.nights if working else self._policy.off_hours.free_days
        return WHOLE_DAY if rule == "handover" else working

    def counted(self, day: date) -> list[tuple[datetime, datetime]]:
        """Return `counted_spans` as pairs of UTC instants, in order."""
        if day not in self._counted:
            self._counted[day] = spans_in_utc(self.counted_spans(day), day, self.zone)
        return self._counted[day]

    def is_staffed(self, moment: datetime) -> bool:
        """Return whether salespeople work at `moment`."""
        return self._lies_in(moment, self.working_spans)

    def is_counted(self, moment: datetime) -> bool:
        """Return whether clocks run at `moment`."""
        return self._lies_in(moment, self.counted_spans)

    def _lies_in(self, moment: datetime, spans: Callable[[date], list[Span]]) -> bool:
        local = moment.astimezone(self.zone)
        minutes = local.hour * 60 + local.minute
        return any(start <= minutes < end for start, end in spans(local.date()))
