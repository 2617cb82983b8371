"""What nurture programmes add to the rate of SQLs, for the page Attribution and economics."""

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter, Response

from leadops.dashboard.answers import answer_json
from leadops.dashboard.wiring import ConnectionDep, DashboardDep
from leadops.db import Connection
from leadops.nurture.measure_lift import LiftRow, choose_totals, read_lifts

router = APIRouter(tags=["attribution and economics"])


@dataclass(frozen=True)
class ProgrammeLift:
    """A programme's members against those held out, under the share in force."""

    programme: str
    holdout_share: float
    window_days: int
    members: int  # whose window is over, as the three below
    member_sqls: int
    held_out: int
    held_out_sqls: int
    open_people: int  # whose window is not over: they count nowhere else
    member_rate: float | None
    held_out_rate: float | None
    difference: float | None  # of the rates, from -1 to 1, with its 95 % interval
    difference_low: float | None
    difference_high: float | None
    verdict: str
    people_missing: int | None  # until it can be said; None: no number of them is enough


@dataclass(frozen=True)
class LiftAnswer:
    """The programmes as measured at the end of `day`; None: nothing was measured."""

    day: date | None
    programmes: list[ProgrammeLift]


def read_programme_lifts(connection: Connection) -> LiftAnswer:
    """Return one line for each programme, as last measured."""
    totals = list(choose_totals(read_lifts(connection)))
    return LiftAnswer(totals[0].dt if totals else None, [_describe(row) for row in totals])


def _describe(row: LiftRow) -> ProgrammeLift:
    return ProgrammeLift(
        programme=row.programme,
        holdout_share=row.holdout_share,
        window_days=row.window_days,
        members=row.members,
        member_sqls=row.member_sqls,
        held_out=row.held_out,
        held_out_sqls=row.held_out_sqls,
        open_people=row.open_members + row.open_held_out,
        member_rate=row.member_rate,
        held_out_rate=row.held_out_rate,
        difference=row.difference,
        difference_low=row.difference_low,
        difference_high=row.difference_high,
        verdict=row.verdict,
        people_missing=row.people_missing,
    )


@router.get("/api/lift", response_model=LiftAnswer)
def show_lift(dashboard: DashboardDep, connection: ConnectionDep) -> Response:
    """By how much each nurture programme raises the rate of SQLs: its members against those held out."""
    return answer_json(read_programme_lifts(connection), as_of=dashboard.clock())
