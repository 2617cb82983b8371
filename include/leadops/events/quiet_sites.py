"""Whether a site sends far fewer events than usual: its last hour beside the same hour of earlier weeks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from leadops.incidents.alert_settings import QuietSiteLimits
from leadops.incidents.check import HolidayCalendar
from leadops.incidents.finding import FindingStatus

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class ComparedHours:
    """The starts (UTC) of the hour in question and of the same hour in earlier weeks, nearest first."""

    current: datetime
    earlier: tuple[datetime, ...]


def choose_hours(
    until: datetime, *, counted_from: datetime, calendar: HolidayCalendar, weeks: int
) -> ComparedHours:
    """Return the hour that ends at `until`, and the same hour by local clocks in up to `weeks` earlier weeks.

    Weeks before counting began are left out, and so are those whose day was a holiday. On a holiday there is
    nothing to compare with.
    """
    local = (until - HOUR).astimezone(calendar.zone)
    if calendar.is_holiday(local.date()):
        return ComparedHours(until - HOUR, ())
    moments = [local.replace(tzinfo=None) - timedelta(weeks=number) for number in range(1, weeks + 1)]
    starts = [
        moment.replace(tzinfo=calendar.zone).astimezone(until.tzinfo)
        for moment in moments
        if not calendar.is_holiday(moment.date())
    ]
    return ComparedHours(until - HOUR, tuple(start for start in starts if start >= counted_from))


def find_usual(earlier: Sequence[int], limits: QuietSiteLimits) -> float | None:
    """Return the usual number of events of this hour; None if too few weeks or too few events tell it."""
    if len(earlier) < limits.min_weeks:
        return None
    usual = float(median(earlier))
    return usual if usual >= limits.min_events else None


def classify_hour(events: int, usual: float | None, limits: QuietSiteLimits) -> FindingStatus:
    """Return the status of an hour with this many events.

    Unknown without a usual number, and up to twice the limit, so that a site at the limit does not flap.
    """
    if usual is None:
        return "unknown"
    if events < limits.max_share * usual:
        return "firing"
    return "unknown" if events < 2 * limits.max_share * usual else "ok"
