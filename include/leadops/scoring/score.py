"""Brings ledger and scores of the waiting leads in line with the rules: only differences are written."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from leadops.db import Connection
from leadops.lanes import NEWS_FOR, Lane
from leadops.machines.classify_acts import follow_settings, release_due
from leadops.machines.machine_settings import MachineSettings
from leadops.scoring.active_rules import activate_rules, is_active, note_rules, read_rules
from leadops.scoring.decay import decay_scored
from leadops.scoring.differences import (
    classify_members,
    compute_differences,
    count_differences,
    list_members,
    prepare_tables,
    quieten_past,
)
from leadops.scoring.ledger import append_differences, lock_ledger, withdraw_model_points
from leadops.scoring.scoring_inbox import (
    enqueue_classified,
    enqueue_leads,
    list_waiting_lanes,
    take_leads,
)
from leadops.scoring.scoring_rules import RuleSet


@dataclass(frozen=True)
class ScoringResult:
    """What one transaction of scoring did."""

    leads: int  # leads looked at
    rows: int  # ledger rows written
    points: int  # their sum
    corrections: int  # of the rows, those that correct earlier ones
    remaining: bool  # the chunk was full, or the other lane was not looked at, so more may wait


NOTHING = ScoringResult(leads=0, rows=0, points=0, corrections=0, remaining=False)


def score_leads(
    connection: Connection,
    *,
    rules: RuleSet,
    zone: ZoneInfo,
    now: datetime,
    limit_leads: int | None = None,
    lane: Lane | None = None,
    source: str = "",
    machines: MachineSettings | None = None,
) -> ScoringResult:
    """Score up to `limit_leads` waiting leads (default: rules.chunk_leads) in one transaction.

    Without `lane`, the live lane is emptied before the backfill lane. Each new ledger row says whether it is
    live: in the backfill lane none is, in the live lane those that derive from what came live.
    Days of caps are those of `zone`; `now` (UTC) dates the rows. Call again while `remaining`. Two callers at
    once take turns. Rules that are not active yet are recorded first; those of a file `source`
    (active_rules.name_source) that is behind in a rollout give way to the newer ones. Raises TransientError
    when another writer holds the ledger for too long.

    With `machines` the acts of the leads are classified first: a machine's are worth nothing, and those that
    came through a mail a moment ago wait. Changed `machines` put every lead with such acts into the backfill
    lane.
    """
    with connection.transaction():
        if machines:
            enqueue_leads(connection, release_due(connection, now=now), lane=Lane.LIVE)
            if follow_settings(connection, settings=machines, now=now):
                enqueue_classified(connection, lane=Lane.BACKFILL)
        if not list_waiting_lanes(connection, lane) and is_active(connection, rules=rules, zone=zone):
            note_rules(connection, rules=rules, zone=zone, now=now, source=source)
            return NOTHING
        lock_ledger(connection)
        rule_set_id = activate_rules(connection, rules=rules, zone=zone, now=now, source=source)
        lanes = list_waiting_lanes(connection, lane)
        if not lanes:
            return NOTHING
        limit = rules.chunk_leads if limit_leads is None else limit_leads
        rules, zone = read_rules(connection, rule_set_id, rules=rules, zone=zone)
        prepare_tables(connection)
        taken = take_leads(connection, lanes[0], limit=limit)
        list_members(connection)
        if machines:
            enqueue_leads(connection, classify_members(connection, machines, now=now), lane=Lane.LIVE)
        leads = compute_differences(connection, rules=rules, zone=zone)
        withdraw_model_points(connection, now=now)
        if lanes[0] == Lane.LIVE:
            quieten_past(connection, news_since=now - NEWS_FOR)
        decay_scored(connection, rules=rules, zone=zone, fully=lanes[0] == Lane.BACKFILL)
        totals = count_differences(connection)
        if totals.rows:
            append_differences(connection, rule_set_id=rule_set_id, lane=lanes[0], now=now)
    return ScoringResult(
        leads=leads,
        rows=totals.rows,
        points=totals.points,
        corrections=totals.corrections,
        remaining=taken >= limit or len(lanes) > 1,
    )
