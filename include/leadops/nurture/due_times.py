"""When a step of a programme is due and may go out by the lead's clock, also where that clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import ONE_DAY, day_of
from leadops.calendar.local_time import spans_in_utc
from leadops.nurture.nurture_settings import NurtureStep, QuietHours

#: Minutes of a local day.
DAY_ENDS = 1440


def find_due(step: NurtureStep, entered_at: datetime, *, zone: ZoneInfo, next_day_at: time) -> datetime:
    """Return when `step` of somebody who entered at `entered_at` is due (UTC).

    A span of time passes by the clock of the world: 7 days are 168 hours. `next_day` is the day after the
    entry by the lead's clock, at the first moment at which that clock shows `next_day_at` or later.
    """
    if isinstance(step.delay, timedelta):
        return entered_at.astimezone(UTC) + step.delay
    return find_local(day_of(entered_at, zone) + ONE_DAY, next_day_at, zone)


def find_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) of the local `day` at which its clock shows `clock` or later.

    An hour that the clock skips begins when it goes on; of one that comes twice it is the first. A day that
    the zone skips whole is the next one.
    """
    minutes = clock.hour * 60 + clock.minute
    for ahead in count():
        spans = spans_in_utc([(minutes if ahead == 0 else 0, DAY_ENDS)], day + ahead * ONE_DAY, zone)
        if spans:
            return spans[0][0]
    raise AssertionError("unreachable")


def leave_quiet(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime:
    """Return `moment`, or the end of the quiet hours that it lies in (UTC).

    The lead's clock decides: where it goes back from after them into them, they begin again.
    """
    if quiet is None:
        return moment
    while (end := _find_quiet_end(moment, quiet, zone)) is not None:
        moment = end
    return moment


def find_next_quiet(moment: datetime, quiet: QuietHours | None, zone: ZoneInfo) -> datetime | None:
    """Return when the next quiet hours after `moment`, which is not in any, begin (UTC); None: never."""
    if quiet is None:
        return None
    day = day_of(moment, zone)
    for ahead in count():
        for start, _ in _quiet_spans(day + ahead * ONE_DAY, quiet, zone):
            if start > moment:
                return start
    raise AssertionError("unreachable")


def _find_quiet_end(moment: datetime, quiet: QuietHours, zone: ZoneInfo) -> datetime | None:
    day = day_of(moment, zone)
    return next((end for start, end in _quiet_spans(day, quiet, zone) if start <= moment < end), None)


def _quiet_spans(day: date, quiet: QuietHours, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """Return the quiet spans (UTC) of a local day; those over midnight are two."""
    start = quiet.from_.hour * 60 + quiet.from_.minute
    end = quiet.until.hour * 60 + quiet.until.minute
    spans = [(start, end)] if start < end else [(0, end), (start, DAY_ENDS)]
    return spans_in_utc([span for span in spans if span[0] < span[1]], day, zone)
