"""What the stages have on record about a person, each row as an item of the timeline."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from leadops.dashboard.timeline_place import TimelineItem
from leadops.identity.explain_identity import MergeRecord
from leadops.lifecycle.explain_stages import StageReached
from leadops.mask import mask_text
from leadops.routing.explain_routing import AssignmentStep
from leadops.scoring.explain_score import PointsLine

#: Properties of an event that are shown, and how much of each.
MAX_PROPERTIES, MAX_VALUE = 12, 200


class ActRow(NamedTuple):
    """An event of a lead, with what is known of who did it."""

    number: int
    at: datetime
    lead_id: int
    event: str
    proof: str
    is_history: bool
    page: str | None
    campaign: str | None
    source: str | None
    properties: dict[str, Any] | None
    signal: str | None
    signal_reason: str | None
    freed_because: str | None
    waits: bool


class ActivityRow(NamedTuple):
    """An activity of the CRM."""

    number: int
    at: datetime
    kind: str
    status: str | None
    rep_id: str | None
    recorded_at: datetime


class CallRow(NamedTuple):
    """An effect in the MA, the CRM or the bot."""

    number: int
    at: datetime
    lead_id: int
    target: str
    operation: str
    state: str
    attempts: int
    settled_at: datetime | None
    not_before: datetime | None
    may_have_arrived: bool
    error: str | None
    rep_id: str | None


class ClockRow(NamedTuple):
    """An SLA clock."""

    number: int
    at: datetime
    cycle: int
    clock: str
    state: str
    due_at: datetime
    target_minutes: float
    stopped_at: datetime | None
    stopped_by: str | None
    business_minutes: float | None
    is_handed_over: bool


class StatementRow(NamedTuple):
    """What an operator noted about mail; `quote` says how they know."""

    number: int
    at: datetime
    lead_id: int
    word: str
    by: str
    quote: str | None


class CreatedRow(NamedTuple):
    """The beginning of a lead."""

    number: int
    at: datetime
    lead_id: int
    campaign: str | None
    source: str | None
    is_from_form: bool
    is_imported: bool
    erased_at: datetime | None


def make_items(kind: str, rows: Iterable[Any]) -> Iterable[TimelineItem]:
    """Yield the rows of a kind; their columns are its facts."""
    for row in rows:
        facts = row._asdict()
        if kind == "event":
            facts["properties"] = show_properties(facts["properties"])
        if kind == "call" and facts["error"]:
            facts["error"] = mask_text(facts["error"])
        yield TimelineItem(facts.pop("at"), kind, facts.pop("number"), facts)


def make_points(line: PointsLine) -> TimelineItem:
    """Return points that no act gave."""
    facts = {
        "kind": line.kind,
        "points": line.points,
        "dimension": line.dimension,
        "rule": line.rule,
        "reason": line.reason,
        "times": 1,
        "seqs": [line.seq],
    }
    return TimelineItem(line.at, "points", line.seq, facts)


def make_assignment(step: AssignmentStep) -> TimelineItem:
    """Return an assignment to a salesperson or a queue."""
    facts = {
        "cycle": step.cycle,
        "rep_id": step.rep_id,
        "queue": step.queue,
        "why": step.why,
        "cause": step.cause,
        "rule": step.rule,
        "is_backfill": step.is_backfill,
        "waited_minutes": step.waited_minutes,
        "facts": step.facts,
        "passed_over": step.passed_over,
        "notice": step.notice,
        "notified_at": step.notified_at,
        "notice_reason": step.notice_reason,
        "withdrawn_because": step.withdrawn_because,
    }
    return TimelineItem(step.assigned_at, "assignment", step.cycle * 1_000_000 + step.number, facts)


def make_stage(stage: StageReached) -> TimelineItem:
    """Return a stage that was reached, with its evidence."""
    order = ("mql", "sal", "sql", "lost", "won").index(stage.stage)
    facts = {
        "stage": stage.stage,
        "cycle": stage.cycle,
        "because": stage.because,
        "reasons": stage.evidence.get("reasons", []),
        "rep_id": stage.evidence.get("rep_id"),
        "account": stage.evidence.get("account"),
        "is_backfill": bool(stage.evidence.get("backfill")),
    }
    return TimelineItem(stage.occurred_at, "stage", stage.cycle * 10 + order, facts)


def make_merge(merge: MergeRecord) -> Iterable[TimelineItem]:
    """Yield the join of two leads, and the split that undid it."""
    facts = {"older": merge.older, "younger": merge.younger, "kind": merge.kind, "value": merge.value}
    yield TimelineItem(merge.merged_at, "identity", 2 * merge.merge_id, {"what": "joined", **facts})
    if merge.undone_at:
        facts |= {"by": merge.undone_by, "because": merge.undone_because}
        yield TimelineItem(merge.undone_at, "identity", 2 * merge.merge_id + 1, {"what": "split", **facts})


def show_properties(properties: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the first properties of an event that hold something plain, as text of bounded length."""
    plain = {
        name: value
        for name, value in (properties or {}).items()
        if isinstance(value, str | int | float | bool) and value != ""
    }
    return {name: str(value)[:MAX_VALUE] for name, value in list(plain.items())[:MAX_PROPERTIES]}
