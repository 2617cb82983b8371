"""One story of a person out of what all stages have on record: a page at a time, the latest first."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from leadops.dashboard.rep_names import read_rep_names
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.identity.explain_identity import MergeRecord, list_merges
from leadops.lifecycle.explain_stages import StageReached, explain_stages
from leadops.mask import hide_private, mask_name, mask_text
from leadops.queries import Queries
from leadops.routing.explain_routing import AssignmentStep, list_assignments
from leadops.scoring.explain_score import PointsLine, list_event_points, list_other_points

queries = Queries(__file__)

#: Items of one page, nights of decay that follow each other counted as one.
PAGE_ITEMS = 50
#: Rows that are read for one page at most: more nights of decay than these are another page.
MAX_ROWS = 400
#: Properties of an event that are shown, and how much of each.
MAX_PROPERTIES, MAX_VALUE = 12, 200

#: The kinds of items, in the order in which they stand at one moment, the latest first.
KINDS = ("call", "clock", "assignment", "stage", "activity", "points", "event", "identity", "created")

#: Facts that name or quote somebody.
PRIVATE = frozenset({"properties", "value", "names", "facts"})
_NETWORK_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4})(?![\w.])", re.I
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(9999, 1, 1, tzinfo=UTC)
_LAST = 2**62


@dataclass(frozen=True)
class TimelineItem:
    """Something that happened to a person; `facts` depend on the kind."""

    at: datetime  # UTC
    kind: str  # one of KINDS
    number: int  # orders items of one kind and moment
    facts: dict[str, Any]

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it stands: a later item has a greater place."""
        return self.at, -KINDS.index(self.kind), self.number


@dataclass(frozen=True)
class TimelinePage:
    """Some items, the latest first, and where the next page begins."""

    items: list[TimelineItem]
    next: str | None  # None: there is nothing earlier


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


class UndeliveredRow(NamedTuple):
    """A row of the ledger that the MA lacks: waiting, held, sending, dead or dropped."""

    ledger_seq: int
    why: str


class Cut(NamedTuple):
    """The place before which a page's items stand."""

    at: datetime
    rank: int
    number: int

    def below(self, kind: str) -> int:
        """Return under which number an item of `kind` at the very moment of the cut is still to come."""
        rank = -KINDS.index(kind)
        return _LAST if rank < self.rank else self.number if rank == self.rank else -1

    def holds(self, item: TimelineItem) -> bool:
        """Return whether the item is still to come."""
        return item.place < (self.at, self.rank, self.number)


START = Cut(_END, 1, 0)


def read_timeline(
    connection: Connection,
    person_id: int,
    lead_ids: Sequence[int],
    *,
    after: str | None,
    sees_people: bool,
    max_items: int = PAGE_ITEMS,
) -> TimelinePage:
    """Return up to `max_items` items of the person with the leads `lead_ids`; `after` is a page's `next`.

    Without `sees_people`, what names or quotes somebody is hidden. Raises PermanentError for an `after` that
    no page gave.
    """
    cut = read_cut(after)
    items: list[TimelineItem] = []
    has_more, rows = True, 0
    while has_more and rows < MAX_ROWS:
        chunk = _read_chunk(connection, person_id, lead_ids, cut=cut, max_rows=max_items + 1)
        for item in chunk:
            if not _fold(items, item):
                if len(items) == max_items:
                    break
                items.append(item)
            cut, rows = Cut(*item.place), rows + 1
        else:
            has_more = len(chunk) > max_items
            continue
        break
    _add_points(connection, items, lead_ids)
    _add_names(connection, items)
    if not sees_people:
        items = [_hide(item) for item in items]
    return TimelinePage(items, write_cut(cut) if has_more else None)


def read_cut(text: str | None) -> Cut:
    """Return the place that `text` names, the very end for None; raise PermanentError if it is none."""
    if text is None:
        return START
    try:
        micros, rank, number = map(int, urlsafe_b64decode(text.encode("ascii") + b"==").decode().split(" "))
        if -len(KINDS) < rank <= 0 <= number < _LAST:
            return Cut(_EPOCH + timedelta(microseconds=micros), rank, number)
    except (ValueError, OverflowError):
        pass
    raise PermanentError("after: give what `next` of the page before says, or nothing")


def write_cut(cut: Cut) -> str:
    """Return the place as text for an address."""
    micros = (cut.at - _EPOCH) // timedelta(microseconds=1)
    return urlsafe_b64encode(f"{micros} {cut.rank} {cut.number}".encode()).decode().rstrip("=")


def _read_chunk(
    connection: Connection, person_id: int, lead_ids: Sequence[int], *, cut: Cut, max_rows: int
) -> list[TimelineItem]:
    """Return the `max_rows` latest items before the cut, of all kinds."""
    span: dict[str, Any] = {"lead_ids": list(lead_ids), "before": cut.at, "max_rows": max_rows}
    found = [
        *_make_items(
            "event", queries.all(connection, "list_events", ActRow, **span, below=cut.below("event"))
        ),
        *_make_items(
            "activity",
            queries.all(connection, "list_activities", ActivityRow, **span, below=cut.below("activity")),
        ),
        *_make_items("call", queries.all(connection, "list_calls", CallRow, **span, below=cut.below("call"))),
        *map(_make_points, list_other_points(connection, **span, below=cut.below("points"))),
        # Of these a person has a handful.
        *_make_items("clock", queries.all(connection, "list_clocks", ClockRow, lead_ids=list(lead_ids))),
        *_make_items("created", queries.all(connection, "list_created", CreatedRow, lead_ids=list(lead_ids))),
        *map(_make_assignment, list_assignments(connection, person_id)),
        *map(_make_stage, explain_stages(connection, person_id)),
        *(item for merge in list_merges(connection, lead_ids) for item in _make_merge(merge)),
    ]
    return sorted(filter(cut.holds, found), key=lambda item: item.place, reverse=True)[:max_rows]


def _make_items(kind: str, rows: Iterable[Any]) -> Iterable[TimelineItem]:
    for row in rows:
        facts = row._asdict()
        if kind == "event":
            facts["properties"] = show_properties(facts["properties"])
        if kind == "call" and facts["error"]:
            facts["error"] = mask_text(facts["error"])
        yield TimelineItem(facts.pop("at"), kind, facts.pop("number"), facts)


def _make_points(line: PointsLine) -> TimelineItem:
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


def _make_assignment(step: AssignmentStep) -> TimelineItem:
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


def _make_stage(stage: StageReached) -> TimelineItem:
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


def _make_merge(merge: MergeRecord) -> Iterable[TimelineItem]:
    facts = {"older": merge.older, "younger": merge.younger, "kind": merge.kind, "value": merge.value}
    yield TimelineItem(merge.merged_at, "identity", 2 * merge.merge_id, {"what": "joined", **facts})
    if merge.undone_at:
        facts |= {"by": merge.undone_by, "because": merge.undone_because}
        yield TimelineItem(merge.undone_at, "identity", 2 * merge.merge_id + 1, {"what": "split", **facts})


def _fold(items: list[TimelineItem], item: TimelineItem) -> bool:
    """Add a night of decay to the one that stands before it; return False where there is none."""
    if not items or not (_is_decay(items[-1]) and _is_decay(item)):
        return False
    later = items[-1].facts
    later["points"] += item.facts["points"]
    later["times"] += 1
    later["seqs"] += item.facts["seqs"]
    later["since"] = item.at
    return True


def _is_decay(item: TimelineItem) -> bool:
    return item.kind == "points" and item.facts["kind"] == "decay"


def _add_points(connection: Connection, items: Sequence[TimelineItem], lead_ids: Sequence[int]) -> None:
    """Write beside each event what it gave, and beside all points whether the MA has them."""
    events = {item.number: item for item in items if item.kind == "event"}
    for item in events.values():
        item.facts["points"] = []
    lines = list_event_points(connection, lead_ids=lead_ids, event_seqs=list(events)) if events else []
    others = [item for item in items if item.kind == "points"]
    seqs = [line.seq for line in lines] + [seq for item in others for seq in item.facts["seqs"]]
    missing = {
        row.ledger_seq: row.why
        for row in (
            queries.all(connection, "list_undelivered", UndeliveredRow, ledger_seqs=seqs) if seqs else []
        )
    }
    for line in lines:
        if line.event_seq is not None:
            events[line.event_seq].facts["points"].append(
                {
                    "at": line.at,
                    "points": line.points,
                    "kind": line.kind,
                    "rule": line.rule,
                    "reason": line.reason,
                    "undelivered": missing.get(line.seq),
                }
            )
    for item in others:
        undelivered = [missing[seq] for seq in item.facts.pop("seqs") if seq in missing]
        item.facts["undelivered"] = undelivered[0] if undelivered else None


def _add_names(connection: Connection, items: Sequence[TimelineItem]) -> None:
    """Write beside each salesperson's id the name that the CRM has."""
    names = read_rep_names(connection, {rep for item in items for rep in _list_reps(item.facts)})
    for item in items:
        item.facts["names"] = {rep: names[rep] for rep in _list_reps(item.facts) if rep in names}


def _list_reps(facts: Mapping[str, Any]) -> list[str]:
    own = [facts["rep_id"]] if facts.get("rep_id") else []
    passed_over = [rep for group in facts.get("passed_over") or [] for rep in group.get("reps", [])]
    return [str(rep) for rep in own + passed_over]


def _hide(item: TimelineItem) -> TimelineItem:
    """Return the item without what names or quotes somebody: for who may not see people."""
    facts = {name: None if name in PRIVATE else _hide_value(value) for name, value in item.facts.items()}
    if facts.get("by"):  # None is an answer of its own: nobody did it
        facts["by"] = mask_name(item.facts["by"])
    return TimelineItem(item.at, item.kind, item.number, facts)


def _hide_value(value: Any) -> Any:
    if isinstance(value, str):
        return _NETWORK_ADDRESS.sub("[address]", hide_private(value))
    if isinstance(value, dict):
        return {name: _hide_value(part) for name, part in value.items()}
    return [_hide_value(part) for part in value] if isinstance(value, list) else value


def show_properties(properties: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the first properties of an event that hold something plain, as text of bounded length."""
    plain = {
        name: value
        for name, value in (properties or {}).items()
        if isinstance(value, str | int | float | bool) and value != ""
    }
    return {name: str(value)[:MAX_VALUE] for name, value in list(plain.items())[:MAX_PROPERTIES]}
