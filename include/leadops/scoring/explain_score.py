"""Why a lead has the points it has: every row of its ledger, summing to its score."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.identity.find_lead import find_lead
from leadops.queries import Queries
from leadops.scoring.grades import Grades, bound, grade

queries = Queries(__file__)


class StoredScore(NamedTuple):
    """A lead's points by dimension, their sum, and the sum of its ledger."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    total: int
    ledger: int


@dataclass(frozen=True)
class PointsLine:
    """One row of the ledger, as it stands beside the event or fact that gave it."""

    seq: int
    lead_id: int
    event_seq: int | None  # None: no event gave it
    at: datetime  # of a correction when it was written, else when what it is about happened; UTC
    points: int
    dimension: str  # fit, behaviour or model
    kind: str  # rule, correction, decay, model or write_off
    rule: str
    reason: str


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
class ScoreSummary:
    """A lead's score, and how it is shown."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    total: int  # the stored score, points
    shown: int  # the total within the bounds of display
    grade: str  # A1 to D4
    agrees: bool  # whether the ledger sums to the stored score


@dataclass(frozen=True)
class ScoreExplanation(ScoreSummary):
    """A lead's score and where each point of it comes from."""

    lines: list[LedgerLine]
    machine_acts: list[MachineAct]


def explain_score(
    connection: Connection, lead: int | str, *, grades: Grades, known_by: datetime | None = None
) -> ScoreExplanation:
    """Explain the score of `lead`, a lead_id or an email; `grades` say how it is shown.

    An email means the person, whose points are on their oldest lead; a lead_id means that lead itself. With
    `known_by` (UTC), the score as the ledger had it just before. Raises PermanentError when there is no such
    lead.
    """
    lead_id = find_scored_lead(connection, lead)
    lines = queries.all(connection, "list_ledger", LedgerLine, lead_id=lead_id, known_by=known_by)
    summary = (
        summarise_score(connection, lead_id, grades=grades)
        if known_by is None
        else _sum_lines(lead_id, lines, grades=grades)
    )
    return ScoreExplanation(
        **asdict(summary),
        lines=lines,
        machine_acts=queries.all(
            connection, "list_machine_acts", MachineAct, lead_id=lead_id, known_by=known_by
        ),
    )


def find_scored_lead(connection: Connection, lead: int | str) -> int:
    """Return the lead with the points of `lead`: itself, or of an email the person's oldest.

    Raises PermanentError when there is no such lead.
    """
    found = find_lead(connection, lead)
    return found.person_id if "@" in str(lead) else found.lead_id


def find_first_points(connection: Connection, lead_id: int) -> datetime | None:
    """Return when the first points of the lead were recorded (UTC); None: it never had any."""
    first: datetime | None = queries.value(connection, "find_first_points", lead_id=lead_id)
    return first


def _sum_lines(lead_id: int, lines: Sequence[LedgerLine], *, grades: Grades) -> ScoreSummary:
    sums = {
        name: sum(line.points for line in lines if line.dimension == name)
        for name in ("fit", "behaviour", "model")
    }
    total = sum(sums.values())
    return ScoreSummary(
        lead_id=lead_id,
        **sums,
        total=total,
        shown=bound(total, grades),
        grade=grade(fit=sums["fit"], behaviour=sums["behaviour"], grades=grades),
        agrees=True,
    )


def summarise_score(connection: Connection, lead_id: int, *, grades: Grades) -> ScoreSummary:
    """Return the score of the lead `lead_id`, which exists; `grades` say how it is shown."""
    score = queries.one(connection, "read_score", StoredScore, lead_id=lead_id)
    return ScoreSummary(
        lead_id=score.lead_id,
        fit=score.fit,
        behaviour=score.behaviour,
        model=score.model,
        total=score.total,
        shown=bound(score.total, grades),
        grade=grade(fit=score.fit, behaviour=score.behaviour, grades=grades),
        agrees=score.ledger == score.total,
    )


def list_event_points(
    connection: Connection, *, lead_ids: Sequence[int], event_seqs: Sequence[int]
) -> list[PointsLine]:
    """Return what the events `event_seqs` gave these leads, and what was corrected since, in that order."""
    return queries.all(
        connection,
        "list_event_points",
        PointsLine,
        lead_ids=list(lead_ids),
        event_seqs=list(event_seqs),
    )


def list_other_points(
    connection: Connection, *, lead_ids: Sequence[int], before: datetime, below: int, max_rows: int
) -> list[PointsLine]:
    """Return what no event gave these leads: facts, decay, the model; the latest first.

    Only rows of before the moment `before` (UTC), or of that moment with a lower seq than `below`.
    """
    return queries.all(
        connection,
        "list_other_points",
        PointsLine,
        lead_ids=list(lead_ids),
        before=before,
        below=below,
        max_rows=max_rows,
    )
