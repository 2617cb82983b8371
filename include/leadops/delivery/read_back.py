"""Settles a batch of unknown outcome by reading scores back, where the MA may have forgotten its key."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from leadops.clients.call_outcomes import Failure
from leadops.clients.lead_absence import LeadAbsence
from leadops.db import Connection
from leadops.delivery.batches import BatchState, DeltaBatch, close_batch, shrink_batch
from leadops.delivery.build_batches import hold_deltas
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.decide_applied import decide_applied, is_reachable, may_be_partial
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.presence import find_unsettled, record_absence
from leadops.delivery.push_report import PushReport
from leadops.delivery.settle_batch import settle_batch
from leadops.products.product import Product
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import ScoreRow
from leadops.queries import Queries

queries = Queries(__file__, topic="compare_scores")

#: What the MA's score cannot decide; `leadops dead-letters suggest` compares again.
AMBIGUOUS = "it is unknown whether the MA has these points: leadops dead-letters suggest"

#: Why a batch stays open whose leads were read before the MA must have applied it.
NOT_THERE_YET = "the MA does not have these points yet, or its score fits several cases: read again later"

#: The rows of a batch by the MA's id of the lead.
RowsByLead = dict[str, list[ScoreRow]]


class SettledPoints(NamedTuple):
    """The points of a lead that the MA surely has, and those of each other call that it may have."""

    external_id: str
    points: int
    others: list[int]


def read_back(
    connection: Connection,
    client: ProductClient,
    batch: DeltaBatch,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    permits: int,
    is_over: Callable[[], bool],
    is_final: bool = True,
) -> PushReport:
    """Settle `batch` lead by lead with at most `permits` calls, in the caller's transaction.

    The score that is read says what reached the MA: see `decide_applied`. What it did not get goes out again
    under a new key, unless the MA said that it had it. Of a lead that is gone everything is held. A score
    that fits both cases or neither, and a 404 that says nothing of the lead, make dead letters. Leads that
    could not be read yet, or that another call settled meanwhile, stay in the batch. Unless `is_final`, the
    MA may still be applying the call: then only what it surely has is settled, and the other leads stay in
    the batch too.
    """
    by_lead: RowsByLead = defaultdict(list)
    for row in batch.score_rows:
        by_lead[row.external_id].append(row)
    if is_final:
        # These leads' totals are compared as a whole once they are there again.
        for ma_id in find_unsettled(connection, target=target, external_ids=list(by_lead)):
            _hold_rows(connection, by_lead.pop(ma_id), target=target)
    before = sum_settled(connection, list(by_lead), target=target, batch=batch)
    scores, absences, failure = _read_scores(client, list(by_lead)[:permits], is_over)
    for ma_id, absence in absences.items():
        # Whatever reached the lead before it went: when it is there again, its total is compared.
        _hold_rows(connection, by_lead.pop(ma_id), target=target)
        record_absence(connection, target=target, external_id=ma_id, absence=absence, now=now)
    after = sum_settled(connection, list(scores), target=target, batch=batch)
    decisions = {
        ma_id: _decide_lead(by_lead[ma_id], score, after.get(ma_id), is_answered=batch.is_answered)
        for ma_id, score in scores.items()
        if before.get(ma_id) == after.get(ma_id)
    }
    if not is_final:
        decisions = {ma_id: applied for ma_id, applied in decisions.items() if applied}
    report = PushReport(calls=len(scores) + len(absences)) + _settle_leads(
        connection, by_lead, decisions, target=target, now=now
    )
    # Those that were read without a decision come last, so that every lead has its turn.
    undecided = [ma_id for ma_id in by_lead if ma_id not in decisions]
    undecided.sort(key=lambda ma_id: ma_id in scores)
    if not undecided:
        close_batch(connection, batch, state=BatchState.DONE, error="read back", now=now)
        return report
    return report + keep_undecided(
        connection,
        batch,
        [row for ma_id in undecided for row in by_lead[ma_id]],
        failure,
        error=None if is_final else NOT_THERE_YET,
        product=client.product,
        target=target,
        settings=settings,
        now=now,
    )


def keep_undecided(
    connection: Connection,
    batch: DeltaBatch,
    rows: Sequence[ScoreRow],
    failure: Failure | None,
    *,
    error: str | None,
    product: Product,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Leave in a batch only `rows`, of which it is not known yet whether the target has them.

    A `failure` of reading counts as the outcome of the batch. Otherwise it is due again at once, or with an
    `error` after the pause that follows a failed call.
    """
    shrink_batch(connection, batch, rows, is_read_back=True)
    if failure is not None:
        return settle_batch(
            connection, batch, failure, product=product, target=target, settings=settings, now=now
        )
    if error is not None:
        close_batch(
            connection,
            batch,
            state=BatchState.READY,
            error=error,
            not_before=now + settings.backoff(batch.attempts + 1),
            now=now,
        )
    return PushReport()


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


def _read_scores(
    client: ProductClient, ma_ids: list[str], is_over: Callable[[], bool]
) -> tuple[dict[str, int | None], dict[str, LeadAbsence], Failure | None]:
    """Return the scores of leads (None: refused, or no whole number), and those that are gone.

    It ends at the first failure, which is returned too.
    """
    scores: dict[str, int | None] = {}
    absences: dict[str, LeadAbsence] = {}
    for ma_id in ma_ids:
        if is_over():
            break
        answer = client.read_lead(ma_id)
        if answer.absence is not None:
            absences[ma_id] = answer.absence
        elif answer.failure is None or answer.is_refused:
            scores[ma_id] = answer.score
        else:
            return scores, absences, answer.failure
    return scores, absences, None


def _hold_rows(connection: Connection, rows: list[ScoreRow], *, target: str) -> None:
    hold_deltas(connection, [row.seq for row in rows], target=target)


def _decide_lead(
    rows: list[ScoreRow], score: int | None, settled: SettledPoints | None, *, is_answered: bool
) -> bool | None:
    if score is None or settled is None:
        return None
    gap, points = score - settled.points, [row.points for row in rows]
    if all(row.is_duplicate for row in rows):
        # The MA's word and its score agree, or a person decides.
        return is_reachable(gap - sum(points), settled.others) or None
    if is_answered and may_be_partial(gap, points, settled.others):
        return None
    return decide_applied(gap, sum(points), settled.others)


def _settle_leads(
    connection: Connection,
    by_lead: RowsByLead,
    decisions: dict[str, bool | None],
    *,
    target: str,
    now: datetime,
) -> PushReport:
    """Settle the deltas of the leads that are decided: the MA has them, has them not, or nobody can say."""
    applied = 0
    not_applied: list[int] = []
    ambiguous: list[int] = []
    for ma_id, decision in decisions.items():
        for row in by_lead[ma_id]:
            if decision:
                applied += 1
            # Sent again, a row that the MA claims to have would be a duplicate again.
            elif decision is None or row.is_duplicate:
                ambiguous.append(row.seq)
            else:
                not_applied.append(row.seq)
    for seq in ambiguous:
        dead_letter_delta(connection, seq, target=target, reason=AMBIGUOUS, now=now)
    hold_deltas(connection, not_applied, target=target)
    return PushReport(deltas=applied, dead=len(ambiguous))
