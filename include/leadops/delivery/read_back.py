"""Settles a batch of unknown outcome by reading scores back, where the MA may have forgotten its key."""

from collections import defaultdict
from collections.abc import Callable
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

AMBIGUOUS = (
    "it is unknown whether the MA has these points: compare with `leadops explain`, then retry or drop"
)

#: The updates of a batch by the MA's id of the lead.
Updates = dict[str, list[dict[str, Any]]]


class SettledPoints(NamedTuple):
    """The points of a lead that the MA surely has, and whether another open call concerns the lead."""

    external_id: str
    points: int
    has_other_calls: bool


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

    With `settled` = the points of a lead that the MA surely has, and `sum` = its points in this batch: an MA
    score of settled + sum means applied; settled means not applied, and the deltas go out again under a new
    key. Anything else, a missing lead, or another open call on the same lead is a dead letter for a person.
    Leads that could not be read yet stay in the batch.
    """
    by_lead: Updates = defaultdict(list)
    for update in batch.updates():
        by_lead[str(update["leadId"])].append(update)
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
    read = {ma_id: by_lead[ma_id] for ma_id in scores}
    report = _settle_leads(connection, batch, read, scores, target=target, now=now)
    unread = [update for ma_id, updates in by_lead.items() if ma_id not in scores for update in updates]
    if not unread:
        close_batch(connection, batch, state=BatchState.DONE, error="read back", now=now)
        return report
    shrink_batch(connection, batch, unread)
    if failure is not None:
        return report + settle_batch(connection, batch, failure, target=target, settings=settings, now=now)
    return report


def _settle_leads(
    connection: Connection,
    batch: DeltaBatch,
    by_lead: Updates,
    scores: dict[str, int | None],
    *,
    target: str,
    now: datetime,
) -> PushReport:
    """Settle the deltas of the leads whose scores were read."""
    rows = queries.all(
        connection,
        "sum_settled_points",
        SettledPoints,
        target=target,
        external_ids=list(scores),
        batch_id=batch.batch_id,
    )
    settled_by_lead = {row.external_id: row for row in rows}
    applied = dead = 0
    not_applied: list[int] = []
    for ma_id, updates in by_lead.items():
        seqs = [parse_ledger_seq(update["deltaId"]) for update in updates]
        settled = settled_by_lead.get(ma_id)
        is_certain = settled is not None and not settled.has_other_calls
        points = settled.points if settled else 0
        if is_certain and scores[ma_id] == points + sum(update["delta"] for update in updates):
            applied += len(seqs)
        elif is_certain and scores[ma_id] == points:
            not_applied += seqs
        else:
            dead += len(seqs)
            for seq in seqs:
                dead_letter_delta(connection, seq, target=target, reason=AMBIGUOUS, now=now)
    hold_deltas(connection, not_applied, target=target)
    return PushReport(calls=len(scores), deltas=applied, dead=dead)
