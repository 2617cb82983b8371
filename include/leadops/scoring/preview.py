"""What scoring would change, lead by lead, without changing it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from leadops.db import Connection, snapshot
from leadops.machines.machine_settings import MachineSettings
from leadops.queries import Queries
from leadops.scoring.active_rules import is_active
from leadops.scoring.decay import compute_decay, read_decayed_until
from leadops.scoring.differences import (
    classify_members,
    compute_differences,
    count_differences,
    find_last_touched,
    list_members,
    prepare_tables,
)
from leadops.scoring.grades import grade
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__)


class ScoreChange(NamedTuple):
    """A lead's points by dimension, and how they would change."""

    lead_id: int
    fit: int
    behaviour: int
    model: int
    fit_change: int
    behaviour_change: int
    rules: dict[str, int]  # rule -> points it would add or take


class PointChange(NamedTuple):
    """What the ledger would add to a lead's points."""

    lead_id: int
    fit: int
    behaviour: int
    later_behaviour: int  # of the behaviour, without decay, what was earned after a time of the lead's own


@dataclass(frozen=True)
class LeadChange:
    """How one lead's points would change."""

    lead_id: int
    before: int  # total points now
    after: int  # total points then
    grade_before: str
    grade_after: str
    rules: dict[str, int]  # rule -> points it would add or take


@dataclass
class ScorePreview:
    """What scoring would do now."""

    rules_change: bool  # the rules are not the active ones, so every lead was looked at
    leads: int = 0  # leads looked at
    changed: int = 0  # leads whose ledger would get rows
    rows: int = 0  # these rows
    points: int = 0  # sum of the points these rows would have
    changes: list[LeadChange] = field(default_factory=list)  # the first leads that would change, by lead_id


def preview_leads(
    connection: Connection, *, rules: RuleSet, zone: ZoneInfo, max_leads: int, chunk_leads: int | None = None
) -> ScorePreview:
    """Compute what scoring by `rules` would change: of the waiting leads, or of all if the rules changed.

    Lists the first `max_leads` leads that would change and counts all. It reads one state of the database,
    does not lock the ledger and writes nothing. Waiting events that have no lead yet are not looked at. Call
    it outside a transaction.
    """
    with snapshot(connection):
        preview = ScorePreview(rules_change=not is_active(connection, rules=rules, zone=zone))
        for leads in walk_differences(
            connection, rules=rules, zone=zone, every_lead=preview.rules_change, chunk_leads=chunk_leads
        ):
            preview.leads += leads
            collect_changes(connection, preview, rules=rules, max_leads=max_leads)
    return preview


def walk_differences(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    every_lead: bool,
    chunk_leads: int | None = None,
    machines: MachineSettings | None = None,
    now: datetime | None = None,
) -> Iterator[int]:
    """Fill `differences` by `rules`, chunk by chunk, for every lead or those that wait; yield their number.

    What is in the table before the next chunk is the caller's to read. Runs in the caller's transaction, and
    writes nothing to the ledger. With `machines` and `now` (UTC) the acts of the leads are classified first:
    then the transaction holds the ledger and has to be rolled back.
    """
    limit = rules.chunk_leads if chunk_leads is None else chunk_leads
    after: int | None = 0
    while after is not None:
        prepare_tables(connection)
        if every_lead:
            queries.run(connection, "touch_every_lead", after=after, chunk_size=limit)
        else:
            queries.run(connection, "touch_waiting_leads", after=after, chunk_size=limit)
        after = find_last_touched(connection)
        list_members(connection)
        if machines and now:
            classify_members(connection, machines, now=now)
        leads = compute_differences(connection, rules=rules, zone=zone)
        compute_decay(connection, rules=rules, zone=zone, decayed_until=read_decayed_until(connection))
        yield leads


def sum_differences(connection: Connection, *, since: Mapping[int, datetime]) -> list[PointChange]:
    """Return what is in `differences` by lead; `since` has the times (UTC) of leads that have one."""
    return queries.all(
        connection,
        "sum_differences",
        PointChange,
        lead_ids=list(since),
        since=list(since.values()),
    )


def collect_changes(connection: Connection, preview: ScorePreview, *, rules: RuleSet, max_leads: int) -> None:
    """Add the leads in `differences` to `preview`; list them up to `max_leads`."""
    preview.rows += count_differences(connection).rows
    for change in queries.all(connection, "list_changes", ScoreChange):
        preview.changed += 1
        preview.points += change.fit_change + change.behaviour_change
        if len(preview.changes) < max_leads:
            preview.changes.append(_grade_change(change, rules))


def _grade_change(change: ScoreChange, rules: RuleSet) -> LeadChange:
    before = change.fit + change.behaviour + change.model
    return LeadChange(
        lead_id=change.lead_id,
        before=before,
        after=before + change.fit_change + change.behaviour_change,
        grade_before=grade(fit=change.fit, behaviour=change.behaviour, grades=rules.grades),
        grade_after=grade(
            fit=change.fit + change.fit_change,
            behaviour=change.behaviour + change.behaviour_change,
            grades=rules.grades,
        ),
        rules=change.rules,
    )
