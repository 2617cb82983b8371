"""What the salespeople can do in the days to come: their hours, their limits a day, what waits already."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from leadops.calendar.business_time import business_minutes
from leadops.routing.team import Rep, Shifts
from leadops.thresholds.threshold_settings import ThresholdSettings
from leadops.thresholds.waiting import ServicePool


@dataclass(frozen=True)
class Capacity:
    """The salespeople over the days that are planned."""

    salespeople: int
    minutes: float  # their working minutes, summed
    open_minutes: float  # minutes in which at least one of them works
    leads: float  # that they can work on
    backlog: float  # leads that wait already

    def with_more(self, salespeople: int) -> "Capacity":
        """Return the capacity with more salespeople (or fewer, below 0) of the same kind and times."""
        count = max(self.salespeople + salespeople, 0)
        part = count / self.salespeople if self.salespeople else 0.0
        return replace(self, salespeople=count, minutes=self.minutes * part, leads=self.leads * part)

    def service_pool(self, settings: ThresholdSettings) -> ServicePool | None:
        """Return the pool at which new leads wait; None where nobody works on leads at all.

        The backlog takes its part of the time off, up to `backlog_share`.
        """
        left = self.leads - min(self.backlog, self.leads * settings.backlog_share)
        if left <= 0 or self.open_minutes <= 0:
            return None
        return ServicePool(max(1.0, round(self.minutes / self.open_minutes, 6)), left / self.open_minutes)


def measure_capacity(
    team: Iterable[Rep], *, first: date, backlog: float, settings: ThresholdSettings
) -> Capacity:
    """Return what `team` can do on the local days from `first` on; who gets no leads counts for nothing.

    Each day a salesperson takes as many leads as fit into the share of their hours, or their capacity a day.
    """
    reps = [rep for rep in team if rep.fault is None and rep.excluded is None and rep.capacity > 0]
    days = [first + timedelta(days=number) for number in range(settings.horizon_days)]
    minutes = leads = 0.0
    for rep in reps:
        for day in days:
            worked = sum((end - start) / timedelta(minutes=1) for start, end in rep.counted(day))
            minutes += worked
            leads += min(rep.capacity, worked * settings.share_of_time / settings.handling_minutes)
    start = datetime.combine(first, time(), UTC)
    open_minutes = business_minutes(start, start + timedelta(days=settings.horizon_days), Shifts(reps))
    return Capacity(len(reps), minutes, open_minutes, leads, backlog)
