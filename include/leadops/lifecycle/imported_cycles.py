"""Which stages of a lead's past belong together: a cycle lasts until the first new stage after its end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

#: At the same moment, in this order: what ends a cycle comes after what is in it, and lost before won.
ORDER = ("mql", "sal", "sql", "lost", "won")
ENDS = ("won", "lost")


@dataclass(frozen=True)
class ImportedStage:
    """A stage as an export states it."""

    lead_id: int
    stage: str  # mql, sal, sql, won or lost
    occurred_at: datetime  # UTC
    reference: str = ""  # what the export calls the deal
    campaign: str | None = None  # None: the lead's
    source: str | None = None  # None: the lead's
    value: Decimal | None = None  # of a won deal
    evidence: dict[str, Any] | None = None  # {"imported": file, "line": its line, …}
    currency: str | None = None  # of the value; None: the company's


def split_cycles(
    stages: Sequence[ImportedStage], *, created_at: datetime, live: Sequence[tuple[int, datetime]] = ()
) -> dict[tuple[int, str], ImportedStage]:
    """Return one lead's stages by (cycle, stage); the order in which they are given does not matter.

    In the order of time a cycle lasts until, after it was won or lost, there comes a new MQL or a stage that
    it had already: so a lost deal that is won later is one cycle, and a second won deal a second cycle. Of a
    stage repeated within a cycle the first counts. What lies before `created_at`, which cannot be, belongs to
    the first cycle: it is ordered as if it happened at its MQL.

    `live` are the cycles that leadops saw itself (number, MQL), which keep their numbers: what came before
    gets the numbers before, an open story joins the live cycle that follows it, and what happened later is of
    the live cycle in which it lies. Without live cycles the first is 1.
    """
    mqls = [each.occurred_at for each in stages if each.stage == "mql" and each.occurred_at >= created_at]
    first_mql = min(mqls, default=created_at)

    def place(each: ImportedStage) -> datetime:
        return each.occurred_at if each.occurred_at >= created_at else first_mql

    ordered = sorted(
        stages, key=lambda each: (place(each), ORDER.index(each.stage), each.occurred_at, each.reference)
    )
    begun = sorted(live, key=lambda each: (each[1], each[0]))
    since = begun[0][1] if begun else None
    past: list[dict[str, ImportedStage]] = []
    arranged: dict[tuple[int, str], ImportedStage] = {}
    later: list[ImportedStage] = []
    for each in ordered:
        if since is not None and place(each) >= since:
            later.append(each)
            continue
        has_ended = bool(past) and any(end in past[-1] for end in ENDS)
        if not past or (has_ended and (each.stage == "mql" or each.stage in past[-1])):
            past.append({})
        past[-1].setdefault(each.stage, each)
    if begun and past and not any(end in past[-1] for end in ENDS):
        arranged |= {(begun[0][0], stage): each for stage, each in past.pop().items()}
    first = (begun[0][0] if begun else len(past) + 1) - len(past)
    for offset, cycle in enumerate(past):
        arranged |= {(first + offset, stage): each for stage, each in cycle.items()}
    for each in later:
        number = [cycle for cycle, at in begun if at <= place(each)][-1]
        arranged.setdefault((number, each.stage), each)
    return arranged
