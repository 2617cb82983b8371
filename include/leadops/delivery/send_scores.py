"""One round of scores, as changes or as totals: build the calls, claim them, send them, settle them."""

from datetime import datetime
from functools import partial

from leadops.clients.call_outcomes import Refused
from leadops.delivery.batches import (
    DeltaBatch,
    lock_due_batches,
    release_batches,
    send_batch,
)
from leadops.delivery.build_batches import build_batches
from leadops.delivery.build_totals import build_totals
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.claim_totals import (
    claim_totals,
    count_idle_totals,
    lock_claimed,
    release_claimed,
)
from leadops.delivery.database_mark import ON_HOLD
from leadops.delivery.delivery_settings import TRUSTED_MEMORY
from leadops.delivery.look_up import look_up
from leadops.delivery.push_report import PushReport
from leadops.delivery.push_worker import PushWorker
from leadops.delivery.read_back import read_back
from leadops.delivery.settle_batch import settle_batch
from leadops.delivery.settle_totals import settle_totals
from leadops.delivery.slices import LeadSlice, holding_slice, list_waiting_slices
from leadops.lanes import Lane

#: Batches of all slices that are built in one statement, at most.
BUILT_AT_ONCE = 100


def send_changes(worker: PushWorker, lane: Lane, permits: int) -> PushReport:
    """Send changes of one slice with `permits` calls at most; stop when the target is down; commits.

    New batches are built when no slice has any that another sender does not hold.
    """
    may_wait = True
    while True:
        waiting = list_waiting_slices(
            worker.connection, target=worker.target, lane=lane, slices=worker.slices, now=worker.clock()
        )
        for leads in waiting:
            with holding_slice(worker.connection, worker.target, leads) as is_free:
                report = _send_slice(worker, lane, permits, leads) if is_free else PushReport()
            if report.has_progress or report.is_paused:
                return report
        if not may_wait or worker.is_over:
            return PushReport()
        built = build_batches(
            worker.connection,
            target=worker.target,
            lane=lane,
            batch_size=min(worker.target_settings.batch_size, worker.product.row_limit),
            batches=min(permits * worker.slices, BUILT_AT_ONCE),
            slices=worker.slices,
            now=worker.clock(),
        )
        # Where nothing was built, another sender may have built it: it is looked for once more.
        may_wait = built > 0


def _send_slice(worker: PushWorker, lane: Lane, permits: int, leads: LeadSlice) -> PushReport:
    claimed_at, has_log = worker.clock(), worker.product.has_change_log
    new = claim_batches(
        worker.connection,
        product=worker.product,
        target=worker.target,
        lane=lane,
        leads=leads,
        limit=permits,
        now=claimed_at,
    )
    if new and not worker.advance_mark():
        return PushReport(is_paused=True, problem=ON_HOLD)
    with worker.connection.transaction():
        batches = lock_due_batches(
            worker.connection,
            target=worker.target,
            lane=lane,
            leads=leads,
            limit=permits,
            now=worker.clock(),
            claimed_at=claimed_at if has_log else None,
        )
        report = worker.send_each(
            batches, partial(_send_changes, worker, claimed_at), permits=permits, is_last=_leaves_changes
        )
        release_batches(worker.connection, [one for one in batches if one.first_sent_at == claimed_at])
    return report


def _leaves_changes(batch: DeltaBatch, report: PushReport) -> bool:
    """Whether changes of a call wait: later calls of the round may hold changes of the same leads."""
    return report.deltas + report.dead < len(batch.score_rows)


def _send_changes(worker: PushWorker, claimed_at: datetime, batch: DeltaBatch, permits: int) -> PushReport:
    if worker.product.has_change_log and (batch.is_tried or batch.first_sent_at != claimed_at):
        return look_up(
            worker.connection,
            worker.client,
            batch,
            target=worker.target,
            settings=worker.settings,
            now=worker.clock(),
            permits=permits,
            is_over=lambda: worker.is_over,
        )
    # A key is trusted for a short outage only: some products forget it sooner than they say, and until
    # the call is settled, later changes of its leads wait for it.
    memory = min(worker.target_settings.key_memory, TRUSTED_MEMORY)
    is_memory_over = worker.clock() - batch.first_sent_at > memory
    if is_memory_over or batch.is_answered or batch.is_read_back:
        is_final = is_memory_over or not batch.is_answered
        return _read_back(worker, batch, permits, is_final=is_final)
    outcome = send_batch(worker.client, batch)
    if isinstance(outcome, Refused) and not outcome.concerns_caller and batch.may_have_arrived:
        # An earlier attempt may have taken effect: only the scores show what the refusal means.
        return PushReport(calls=1) + _read_back(worker, batch, permits - 1)
    return settle_batch(
        worker.connection,
        batch,
        outcome,
        product=worker.product,
        target=worker.target,
        settings=worker.settings,
        now=worker.clock(),
        is_unexplained=partial(worker.is_unexplained, batch.first_sent_at, batch.attempts, claimed_at),
    )


def _read_back(worker: PushWorker, batch: DeltaBatch, permits: int, *, is_final: bool = True) -> PushReport:
    return read_back(
        worker.connection,
        worker.client,
        batch,
        target=worker.target,
        settings=worker.settings,
        now=worker.clock(),
        permits=permits,
        is_over=lambda: worker.is_over,
        is_final=is_final,
    )


def send_totals(worker: PushWorker, lane: Lane, permits: int) -> PushReport:
    """Send totals with `permits` calls, perhaps one more; stop when the target is down; commits."""
    connection, product, target, now = worker.connection, worker.product, worker.target, worker.clock()
    # In one transaction: between two, another worker would take the new batches for its own.
    with connection.transaction():
        idle = count_idle_totals(connection, target=target, lane=lane, limit=permits, now=now)
        if idle < permits:
            build_totals(
                connection,
                target=target,
                lane=lane,
                batch_size=min(worker.target_settings.batch_size, product.row_limit),
                batches=permits - idle,
                now=now,
            )
        claimed = claim_totals(connection, product=product, target=target, lane=lane, limit=permits, now=now)
    if claimed and not worker.advance_mark():
        with connection.transaction():
            release_claimed(connection, claimed)
        return PushReport(is_paused=True, problem=ON_HOLD)
    with connection.transaction():
        batches = lock_claimed(connection, claimed, claimed_at=now)
        report = worker.send_each(batches, partial(_send_totals, worker), permits=permits)
        release_claimed(connection, claimed)
    return report


def _send_totals(worker: PushWorker, batch: DeltaBatch, _: int) -> PushReport:
    outcome = send_batch(worker.client, batch)
    return settle_totals(
        worker.connection,
        batch,
        outcome,
        product=worker.product,
        target=worker.target,
        settings=worker.settings,
        now=worker.clock(),
        read_lead=worker.client.read_lead,
    )
