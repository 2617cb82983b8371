"""Measures each day what every programme adds to the rate of SQLs: nurture.lifts."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import day_bounds
from leadops.company import Company
from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.nurture.lift_estimate import ArmCount, estimate_lift
from leadops.nurture.lift_settings import LiftSettings
from leadops.queries import Queries

queries = Queries(__file__)


class LiftCohort(NamedTuple):
    """People who entered a programme for the first time, by the hold-out share then in force."""

    programme: str
    holdout_share: float
    cohort: date | None  # the first day of the month of the entry; None: all months
    last_entered_at: datetime
    members: int  # whose window is over, as the three below
    held_out: int
    member_sqls: int
    held_out_sqls: int
    open_members: int  # whose window is not over; they count nowhere else
    open_held_out: int


@dataclass(frozen=True)
class LiftRow:
    """One row of nurture.lifts; a limit that is None is open, or there is nothing to compare."""

    dt: date
    programme: str
    holdout_share: float
    cohort: date | None
    last_entered_at: datetime
    window_days: int
    members: int
    held_out: int
    member_sqls: int
    held_out_sqls: int
    open_members: int
    open_held_out: int
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None
    people_needed: int | None
    verdict: str

    @property
    def member_rate(self) -> float | None:
        """The share of the members who became SQL."""
        return ArmCount(self.members, self.member_sqls).rate

    @property
    def held_out_rate(self) -> float | None:
        """The share of the hold-out that became SQL."""
        return ArmCount(self.held_out, self.held_out_sqls).rate

    @property
    def people_missing(self) -> int | None:
        """How many more people it takes to tell; None where no number of them is enough."""
        if self.people_needed is None:
            return None
        return max(self.people_needed - self.members - self.held_out, 0)


def measure_lift(
    connection: Connection, *, day: date, settings: LiftSettings, company: Company, now: datetime
) -> list[LiftRow]:
    """Replace the lifts of the local `day`, as known at `now` of what happened until its end.

    Each person counts once in a programme, by their first entry and as what they were then, member or held
    out, whatever they got afterwards. They count once their window is over, so that all had the same time to
    become SQL. Entries under different hold-out shares are never added up: the shares of the arms would
    follow the season. One transaction; a second run writes the same rows.
    """
    until = min(day_bounds(day, company.zone).until, now)
    with connection.transaction():
        hold_lock(connection, Lock.LIFT)
        cohorts = queries.all(
            connection,
            "count_cohorts",
            LiftCohort,
            until=until,
            open_for=timedelta(days=settings.window_days),
            zone=company.zone.key,
        )
        rows = [_compare_arms(cohort, day, settings) for cohort in cohorts]
        queries.run(connection, "delete_lifts", dt=day)
        queries.run(connection, "insert_lifts", rows=Jsonb([_dump(row) for row in rows]))
    return rows


def read_lifts(
    connection: Connection, *, programme: str | None = None, until: date | None = None
) -> list[LiftRow]:
    """Return the newest lifts on record, those of `until` or before it; none if nothing was measured.

    By programme (None: all), the share in force first, and of each the total before its months.
    """
    return queries.all(connection, "read_lifts", LiftRow, programme=programme, until=until)


def choose_totals(rows: list[LiftRow]) -> Iterator[LiftRow]:
    """Yield for each programme the total under the share in force: the first of its rows in `read_lifts`."""
    programmes: set[str] = set()
    for row in rows:
        if row.cohort is None and row.programme not in programmes:
            programmes.add(row.programme)
            yield row


def _compare_arms(cohort: LiftCohort, day: date, settings: LiftSettings) -> LiftRow:
    estimate = estimate_lift(
        ArmCount(cohort.members, cohort.member_sqls),
        ArmCount(cohort.held_out, cohort.held_out_sqls),
        share=cohort.holdout_share,
        target=settings.target,
    )
    difference, ratio = estimate.difference, estimate.ratio
    return LiftRow(
        dt=day,
        window_days=settings.window_days,
        difference=difference.value,
        difference_low=difference.low,
        difference_high=difference.high,
        ratio=ratio.value,
        ratio_low=ratio.low,
        ratio_high=ratio.high,
        people_needed=estimate.people_needed,
        verdict=estimate.verdict,
        **cohort._asdict(),
    )


def _dump(row: LiftRow) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, date) else value for name, value in asdict(row).items()}
