"""The checks on nurture: does the MA refuse enrolments, does a programme send nothing, or far too much?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__)

#: How far back refused enrolments count.
REFUSED_FOR = timedelta(days=1)
#: A programme is silent when nothing of it went out for this long, although this many people were due.
SILENT_FOR, MIN_DUE = timedelta(days=2), 5
#: The sends of a day are many from this many on, and this many times the median of the days before.
MIN_SENDS, TIMES_USUAL, USUAL_DAYS = 200, 5, 14


@dataclass(frozen=True)
class RefusedStep:
    """A step of which enrolments are dead letters: how many, since when, and the newest reason."""

    programme: str
    step: str
    count: int
    since: datetime
    reason: str


@dataclass(frozen=True)
class SilentProgramme:
    """A programme of which only skips are on record, why most of them were, and since when."""

    programme: str
    count: int
    since: datetime
    reason: str


@dataclass(frozen=True)
class SendCounts:
    """The enrolments of the last 24 hours, and the median of the days before."""

    sends: int
    usual: float


def check_refused(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the steps in which the MA refused to enrol people in the last day; one finding a step."""
    return [
        fire(
            "nurture_refused",
            {
                "programme": row.programme,
                "step": row.step,
                "count": row.count,
                "reason": mask_text(row.reason, longest=80),
            },
            since=row.since,
        )
        for row in queries.all(connection, "list_refused", RefusedStep, since=given.now - REFUSED_FOR)
    ]


def check_silent(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the programmes that people enter and that send nothing; one finding a programme."""
    rows = queries.all(
        connection, "list_silent", SilentProgramme, since=given.now - SILENT_FOR, min_due=MIN_DUE
    )
    return [
        fire(
            "nurture_silent",
            {
                "programme": row.programme,
                "count": row.count,
                "days": SILENT_FOR // timedelta(days=1),
                "reason": row.reason,
            },
            since=row.since,
        )
        for row in rows
    ]


def check_surge(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find out whether far more messages than usual went out in the last 24 hours."""
    counts = queries.one(connection, "count_sends", SendCounts, now=given.now, days=USUAL_DAYS)
    if counts.sends < MIN_SENDS or counts.sends < TIMES_USUAL * counts.usual:
        return []
    facts = {"count": counts.sends, "usual": round(counts.usual), "worst": counts.sends}
    return [fire("nurture_surge", facts, since=given.now)]


CHECKS = (
    Check("nurture_refused", ("nurture_refused",), check_refused),
    Check("nurture_silent", ("nurture_silent",), check_silent),
    Check("nurture_surge", ("nurture_surge",), check_surge),
)
