"""Why a lead has the points it has: every row of its ledger, summing to its score."""

from dataclasses import dataclass
from datetime import datetime

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.scoring.grades import bound, grade
from leadops.scoring.rules import Grades


@dataclass(frozen=True)
class Line:
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
    reason: str


@dataclass(frozen=True)
class Explanation:
    """A lead's score and where each point of it comes from."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    total: int  # the stored score, points
    shown: int  # the total within the bounds of display
    grade: str  # A1 to D4
    agrees: bool  # whether the ledger sums to the stored score
    lines: list[Line]


def explain_lead(connection: Connection, lead: int | str, *, grades: Grades) -> Explanation:
    """Explain the score of `lead`, a lead_id or an email; `grades` say how it is shown.

    Raises PermanentError when there is no such lead.
    """
    by_email = isinstance(lead, str)
    values = {
        "lead_id": None if by_email else lead,
        "email": lead.strip().lower() if isinstance(lead, str) else None,
    }
    found = connection.execute(load_sql("leadops.scoring", "find_lead"), values).fetchone()
    if found is None:
        raise PermanentError(
            "nobody has this email; give an email or a lead_id that leadops knows"
            if by_email
            else f"there is no lead {lead}; give a lead_id or an email that leadops knows"
        )
    lead_id, fit, behaviour, model, total = found
    rows = connection.execute(load_sql("leadops.scoring", "explain_lead"), {"lead_id": lead_id}).fetchall()
    lines = [Line(*row) for row in rows]
    return Explanation(
        lead_id=lead_id,
        fit=fit,
        behaviour=behaviour,
        model=model,
        total=total,
        shown=bound(total, grades),
        grade=grade(fit=fit, behaviour=behaviour, grades=grades),
        agrees=(lines[-1].running if lines else 0) == total,
        lines=lines,
    )
