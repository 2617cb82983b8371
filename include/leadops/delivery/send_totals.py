"""One round of totals: build the calls, claim them, send them, settle them."""

from leadops.delivery.batches import send_batch
from leadops.delivery.build_totals import build_totals
from leadops.delivery.claim_totals import (
    claim_totals,
    count_idle_totals,
    lock_claimed,
    release_claimed,
)
from leadops.delivery.database_mark import ON_HOLD
from leadops.delivery.push_report import PushReport
from leadops.delivery.push_worker import PushWorker
from leadops.delivery.settle_totals import settle_totals
from leadops.lanes import Lane


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
    report = PushReport()
    with connection.transaction():
        for batch in lock_claimed(connection, claimed, claimed_at=now):
            outcome = send_batch(worker.client, batch)
            report += settle_totals(
                connection,
                batch,
                outcome,
                product=product,
                target=target,
                settings=worker.settings,
                now=worker.clock(),
                read_lead=worker.client.read_lead,
            )
            if report.is_down or report.calls >= permits or worker.is_over:
                break
        release_claimed(connection, claimed)
    return report
