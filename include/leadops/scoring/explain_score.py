"""Why a lead has the points it has: every row of its ledger, summing to its score."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.find_lead import find_lead
from leadops.queries import Queries
from leadops.scoring.grades import Grades, bound, grade

queries = Queries(__file__)


class StoredScore(NamedTuple):
    """A lead's points by dimension, and their sum."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    total: int


@dataclass(frozen=True)
class LedgerLine:
    """One row of the ledger."""

    seq: int
    occurred_at: datetime  # when the event happened, UTC
    recorded_at: datetime  # when the points were written, UTC
    points: int
    running: int  # sum of the points up to this row
    dimension: str  # fit, behaviour or model
    kind: str  # rule, correction, decay, model or write_off
    rule: str
    event: str | None  # name of the event, None for fit
    page: str | None  # where it happened, without what may follow the path
    reason: str


@dataclass(frozen=True)
class MachineAct:
    """An act that is worth nothing, because a machine did it."""

    occurred_at: datetime  # UTC
    event: str
    mail: str | None
    link: str | None
    signal: str
    reason: str
    freed_because: str | None  # why it counts again; None: it does not


@dataclass(frozen=True)
class ScoreExplanation:
    """A lead's score and where each point of it comes from."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    total: int  # the stored score, points
    shown: int  # the total within the bounds of display
    grade: str  # A1 to D4
    agrees: bool  # whether the ledger sums to the stored score
    lines: list[LedgerLine]
    machine_acts: list[MachineAct]


def explain_score(connection: Connection, lead: int | str, *, grades: Grades) -> ScoreExplanation:
    """Explain the score of `lead`, a lead_id or an email; `grades` say how it is shown.

    An email means the person, whose points are on their oldest lead; a lead_id means that lead itself. Raises
    PermanentError when there is no such lead.
    """
    found = find_lead(connection, lead)
    lead_id = found.person_id if "@" in str(lead) else found.lead_id
    score = queries.one(connection, "read_score", StoredScore, lead_id=lead_id)
    lines = queries.all(connection, "list_ledger", LedgerLine, lead_id=lead_id)
    return ScoreExplanation(
        **score._asdict(),
        shown=bound(score.total, grades),
        grade=grade(fit=score.fit, behaviour=score.behaviour, grades=grades),
        agrees=(lines[-1].running if lines else 0) == score.total,
        lines=lines,
        machine_acts=queries.all(connection, "list_machine_acts", MachineAct, lead_id=lead_id),
    )
