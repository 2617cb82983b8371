"""One round of score changes: build the calls, claim them, send them, settle them."""

from datetime import datetime
from functools import partial

from leadops.clients.call_outcomes import Refused
from leadops.delivery.batches import (
    DeltaBatch,
    count_idle_batches,
    lock_due_batches,
    release_batches,
    send_batch,
)
from leadops.delivery.build_batches import build_batches
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.database_mark import ON_HOLD
from leadops.delivery.delivery_settings import TRUSTED_MEMORY
from leadops.delivery.look_up import look_up
from leadops.delivery.push_report import PushReport
from leadops.delivery.push_worker import PushWorker
from leadops.delivery.read_back import read_back
from leadops.delivery.settle_batch import settle_batch
from leadops.lanes import Lane


def send_changes(worker: PushWorker, lane: Lane, permits: int) -> PushReport:
    """Send changes with `permits` calls at most; stop when the target is down; commits."""
    built_at, has_log = worker.clock(), worker.product.has_change_log
    # In one transaction: between two, another worker would take the new batches for idle ones, build none
    # of its own, and end.
    with worker.connection.transaction():
        new = count_idle_batches(worker.connection, target=worker.target, lane=lane, limit=permits)
        if new < permits:
            new += build_batches(
                worker.connection,
                target=worker.target,
                lane=lane,
                batch_size=min(worker.target_settings.batch_size, worker.product.row_limit),
                batches=permits - new,
                now=built_at,
            )
        new += claim_batches(
            worker.connection,
            product=worker.product,
            target=worker.target,
            lane=lane,
            limit=permits,
            now=built_at,
        )
    if new and not worker.advance_mark():
        return PushReport(is_paused=True, problem=ON_HOLD)
    report = PushReport()
    with worker.connection.transaction():
        batches = lock_due_batches(
            worker.connection,
            target=worker.target,
            lane=lane,
            limit=permits,
            now=worker.clock(),
            claimed_at=built_at if has_log else None,
        )
        for batch in batches:
            report += _send_batch(worker, batch, permits=permits - report.calls, built_at=built_at)
            if report.is_down or report.calls >= permits or worker.is_over:
                break
        release_batches(worker.connection, [one for one in batches if one.first_sent_at == built_at])
    if new and not (batches or has_log or worker.is_over):
        # Another worker locked them between the two transactions; there may be more for this one.
        return send_changes(worker, lane, permits)
    return report


def _send_batch(worker: PushWorker, batch: DeltaBatch, *, permits: int, built_at: datetime) -> PushReport:
    if worker.product.has_change_log and (batch.is_tried or batch.first_sent_at != built_at):
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
        is_unexplained=partial(worker.is_unexplained, batch.first_sent_at, batch.attempts, built_at),
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
