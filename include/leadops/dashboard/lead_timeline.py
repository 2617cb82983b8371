"""One story of a person out of what all stages have on record: a page at a time, the latest first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from leadops.dashboard.rep_names import read_rep_names
from leadops.dashboard.timeline_items import (
    ActivityRow,
    ActRow,
    CallRow,
    ClockRow,
    CreatedRow,
    StatementRow,
    make_assignment,
    make_items,
    make_merge,
    make_points,
    make_stage,
)
from leadops.dashboard.timeline_place import Cut, TimelineItem, read_cut, write_cut
from leadops.dashboard.viewer_mask import hide_facts
from leadops.db import Connection
from leadops.identity.explain_identity import list_merges
from leadops.lifecycle.explain_stages import explain_stages
from leadops.queries import Queries
from leadops.routing.explain_routing import list_assignments
from leadops.scoring.explain_score import list_event_points, list_other_points
from leadops.scoring.possible_acts import has_more_acts

queries = Queries(__file__, topic="lead_page")

#: Items of one page, nights of decay that follow each other counted as one.
PAGE_ITEMS = 50
#: Rows that are read for one page at most: more nights of decay than these are another page.
MAX_ROWS = 400
#: Acts of a person that are read: those that arrived last. A robot has tens of thousands.
MAX_ACTS = 5_000


@dataclass(frozen=True)
class TimelinePage:
    """Some items, the latest first, and where the next page begins."""

    items: list[TimelineItem]
    next: str | None  # None: there is nothing earlier
    acts_bound: int | None  # of acts only this number is listed, the last to arrive; None: all


class UndeliveredRow(NamedTuple):
    """A row of the ledger that the MA lacks: waiting, held, sending, dead or dropped."""

    ledger_seq: int
    why: str


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

    Of acts only the MAX_ACTS that arrived last are listed. Without `sees_people`, what names or quotes
    somebody is hidden. Raises PermanentError for an `after` that no page gave.
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
        items = [replace(item, facts=hide_facts(item.facts)) for item in items]
    is_bound = has_more_acts(connection, person_id, most=MAX_ACTS)
    return TimelinePage(items, write_cut(cut) if has_more else None, MAX_ACTS if is_bound else None)


def _read_chunk(
    connection: Connection, person_id: int, lead_ids: Sequence[int], *, cut: Cut, max_rows: int
) -> list[TimelineItem]:
    """Return the `max_rows` latest items before the cut, of all kinds."""
    span: dict[str, Any] = {"lead_ids": list(lead_ids), "before": cut.at, "max_rows": max_rows}
    found = [
        *make_items(
            "event",
            queries.all(
                connection, "list_events", ActRow, **span, below=cut.below("event"), max_acts=MAX_ACTS
            ),
        ),
        *make_items(
            "activity",
            queries.all(connection, "list_activities", ActivityRow, **span, below=cut.below("activity")),
        ),
        *make_items("call", queries.all(connection, "list_calls", CallRow, **span, below=cut.below("call"))),
        *map(make_points, list_other_points(connection, **span, below=cut.below("points"))),
        # Of these a person has a handful.
        *make_items("clock", queries.all(connection, "list_clocks", ClockRow, lead_ids=list(lead_ids))),
        *make_items(
            "consent", queries.all(connection, "list_statements", StatementRow, lead_ids=list(lead_ids))
        ),
        *make_items("created", queries.all(connection, "list_created", CreatedRow, lead_ids=list(lead_ids))),
        *map(make_assignment, list_assignments(connection, person_id)),
        *map(make_stage, explain_stages(connection, person_id)),
        *(item for merge in list_merges(connection, lead_ids) for item in make_merge(merge)),
    ]
    return sorted(filter(cut.holds, found), key=lambda item: item.place, reverse=True)[:max_rows]


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
