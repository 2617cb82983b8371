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
#: A right is missing when it was still missing so long after the first refusal.
LASTING = timedelta(minutes=5)
#: A programme is silent when nothing of it went out for this long, although this many people were due.
SILENT_FOR, MIN_DUE = timedelta(days=2), 5
#: The sends of a day are many from this many on, and this many times the median of the days before.
MIN_SENDS, TIMES_USUAL, USUAL_DAYS = 200, 5, 14


@dataclass(frozen=True)
class RefusedStep:
    """A step of which enrolments are dead letters: how many, since when, and the newest reason.

    `was_taken`: the MA took enrolments of the programme before, so that it was set up there.
    """

    programme: str
    step: str
    count: int
    since: datetime
    reason: str
    was_taken: bool


@dataclass(frozen=True)
class MissingRight:
    """Since when and in which words the MA has not allowed enrolments, and how many wait for it."""

    since: datetime
    reason: str
    count: int


@dataclass(frozen=True)
class SilentProgramme:
    """A programme of which nothing goes out: how many steps were due, since when, and why most did not."""

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
    """Find the steps in which the MA refused to enrol people in the last day; one finding a step.

    A programme of which the MA never took anything is not broken but not set up: `check_silent` finds it.
    """
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
        for row in _list_refused(connection, given)
        if row.was_taken
    ]


def check_right(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find out whether the MA lets leadops enrol anybody; it is said once, whatever the steps."""
    missing = queries.first(
        connection, "find_refused_right", MissingRight, since=given.now - REFUSED_FOR, lasting=LASTING
    )
    if missing is None:
        return []
    facts = {"count": missing.count, "reason": mask_text(missing.reason, longest=200)}
    return [fire("nurture_not_allowed", facts, since=missing.since)]


def check_silent(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the programmes that people enter and that send nothing; one finding a programme.

    Steps without a counterpart in the MA count once the MA took anything of the programme: those that ship
    are on where nobody has set them up. `leadops check ma` and `leadops nurture lint` name these.
    """
    silent = {
        row.programme: row
        for row in queries.all(
            connection, "list_silent", SilentProgramme, since=given.now - SILENT_FOR, min_due=MIN_DUE
        )
    }
    for step in _list_refused(connection, given):
        if not step.was_taken:
            former = silent.get(step.programme)
            silent[step.programme] = SilentProgramme(
                step.programme,
                step.count + (former.count if former else 0),
                min(step.since, former.since) if former else step.since,
                mask_text(step.reason, longest=80),
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
        for row in silent.values()
        if row.count >= MIN_DUE
    ]


def check_surge(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find out whether far more messages than usual went out in the last 24 hours."""
    counts = queries.one(connection, "count_sends", SendCounts, now=given.now, days=USUAL_DAYS)
    if counts.sends < MIN_SENDS or counts.sends < TIMES_USUAL * counts.usual:
        return []
    facts = {"count": counts.sends, "usual": round(counts.usual), "worst": counts.sends}
    return [fire("nurture_surge", facts, since=given.now)]


def _list_refused(connection: Connection, given: CheckInput) -> list[RefusedStep]:
    return queries.all(connection, "list_refused", RefusedStep, since=given.now - REFUSED_FOR)


CHECKS = (
    Check("nurture_refused", ("nurture_refused",), check_refused),
    Check("nurture_right", ("nurture_not_allowed",), check_right),
    Check("nurture_silent", ("nurture_silent",), check_silent),
    Check("nurture_surge", ("nurture_surge",), check_surge),
)
