"""Settles a batch of unknown outcome by reading scores back, where the MA may have forgotten its key."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from leadops.clients.answer_values import read_score
from leadops.clients.ma import MaClient
from leadops.clients.transport import Answered, Outcome, Refused
from leadops.db import Connection
from leadops.delivery.batches import BatchState, DeltaBatch, close_batch, parse_ledger_seq, shrink_batch
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.settle_batch import settle_batch
from leadops.queries import Queries

queries = Queries(__file__)

#: What the MA's score cannot decide; `leadops dead-letters suggest` compares again.
AMBIGUOUS = "it is unknown whether the MA has these points: see `leadops dead-letters suggest`"

#: Other calls of unknown outcome on one lead; with more than this every score fits.
MAX_OTHERS = 12

#: The updates of a batch by the MA's id of the lead.
Updates = dict[str, list[dict[str, Any]]]


class SettledPoints(NamedTuple):
    """The points of a lead that the MA surely has, and those of each other call that it may have."""

    external_id: str
    points: int
    others: list[int]


def read_back(
    connection: Connection,
    client: MaClient,
    batch: DeltaBatch,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    permits: int,
    is_over: Callable[[], bool],
) -> PushReport:
    """Settle `batch` lead by lead with at most `permits` calls, in the caller's transaction.

    The score that is read says what reached the MA: see `decide_applied`. What it did not get goes out again
    under a new key. A missing lead, and a score that fits both cases or neither, make dead letters. Leads
    that could not be read yet, or that another call settled meanwhile, stay in the batch.
    """
    by_lead: Updates = defaultdict(list)
    for update in batch.updates():
        by_lead[str(update["leadId"])].append(update)
    before = sum_settled(connection, list(by_lead), target=target, batch=batch)
    scores: dict[str, int | None] = {}
    failure: Outcome | None = None
    for ma_id in by_lead:
        if len(scores) >= permits or is_over():
            break
        outcome = client.get_lead(ma_id)
        if isinstance(outcome, Answered) and isinstance(outcome.body, dict):
            scores[ma_id] = read_score(outcome.body.get("score"))
        elif isinstance(outcome, Refused) and not outcome.concerns_caller:
            scores[ma_id] = None
        else:
            failure = outcome
            break
    after = sum_settled(connection, list(scores), target=target, batch=batch)
    stable = {ma_id: score for ma_id, score in scores.items() if before.get(ma_id) == after.get(ma_id)}
    read = {ma_id: by_lead[ma_id] for ma_id in stable}
    report = PushReport(calls=len(scores)) + _settle_leads(
        connection, read, stable, after, target=target, now=now
    )
    unread = [update for ma_id, updates in by_lead.items() if ma_id not in stable for update in updates]
    if not unread:
        close_batch(connection, batch, state=BatchState.DONE, error="read back", now=now)
        return report
    shrink_batch(connection, batch, unread)
    if failure is not None:
        return report + settle_batch(connection, batch, failure, target=target, settings=settings, now=now)
    return report


def decide_applied(gap: int, points: int, others: Sequence[int]) -> bool | None:
    """Return whether a call of `points` took effect in the MA; None where the score fits both or neither.

    `gap` is the score there minus the points that it surely has. Each of `others`, the points of other calls
    of unknown outcome, may or may not be in it.
    """
    reachable = {0}
    for other in others[:MAX_OTHERS]:
        reachable |= {total + other for total in reachable}
    applied, not_applied = gap - points in reachable, gap in reachable
    if len(others) > MAX_OTHERS or not (applied or not_applied):
        return None
    if points == 0:
        return True  # it changes nothing, either way
    return None if applied and not_applied else applied


def sum_settled(
    connection: Connection, ma_ids: list[str], *, target: str, batch: DeltaBatch | None = None
) -> dict[str, SettledPoints]:
    """Return what is known about the points of leads, by the MA's id, without those of `batch`."""
    rows = queries.all(
        connection,
        "sum_settled_points",
        SettledPoints,
        target=target,
        external_ids=ma_ids,
        batch_id=batch.batch_id if batch else None,
        ambiguous=AMBIGUOUS,
    )
    return {row.external_id: row for row in rows}


def _settle_leads(
    connection: Connection,
    by_lead: Updates,
    scores: dict[str, int | None],
    settled_by_lead: dict[str, SettledPoints],
    *,
    target: str,
    now: datetime,
) -> PushReport:
    """Settle the deltas of the leads whose scores were read."""
    applied = dead = 0
    not_applied: list[int] = []
    for ma_id, updates in by_lead.items():
        seqs = [parse_ledger_seq(update["deltaId"]) for update in updates]
        score, settled = scores[ma_id], settled_by_lead.get(ma_id)
        decision = None
        if score is not None and settled is not None:
            points = sum(update["delta"] for update in updates)
            decision = decide_applied(score - settled.points, points, settled.others)
        if decision is None:
            dead += len(seqs)
            for seq in seqs:
                dead_letter_delta(connection, seq, target=target, reason=AMBIGUOUS, now=now)
        elif decision:
            applied += len(seqs)
        else:
            not_applied += seqs
    hold_deltas(connection, not_applied, target=target)
    return PushReport(deltas=applied, dead=dead)
