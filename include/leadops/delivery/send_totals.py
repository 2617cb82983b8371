"""One round of totals: build the calls, claim them, send them, settle them."""

from collections.abc import Callable
from datetime import datetime

from leadops.db import Connection
from leadops.delivery.batches import send_batch
from leadops.delivery.build_totals import build_totals
from leadops.delivery.claim_totals import (
    claim_totals,
    count_idle_totals,
    lock_claimed,
    release_claimed,
)
from leadops.delivery.database_mark import ON_HOLD
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.settle_totals import settle_totals
from leadops.lanes import Lane
from leadops.products.product_client import ProductClient


def send_totals(
    connection: Connection,
    client: ProductClient,
    *,
    target: str,
    lane: Lane,
    permits: int,
    settings: DeliverySettings,
    clock: Callable[[], datetime],
    is_over: Callable[[], bool],
    advance_mark: Callable[[], bool],
) -> PushReport:
    """Send totals with `permits` calls, perhaps one more; stop when the target turns out to be down; commits.

    `advance_mark` lets the file outside of the database remember that there are new calls, and says whether
    they may be made.
    """
    product, now = client.product, clock()
    # In one transaction: between two, another worker would take the new batches for its own.
    with connection.transaction():
        idle = count_idle_totals(connection, target=target, lane=lane, limit=permits, now=now)
        if idle < permits:
            build_totals(
                connection,
                target=target,
                lane=lane,
                batch_size=min(settings.targets[target].batch_size, product.row_limit),
                batches=permits - idle,
                now=now,
            )
        claimed = claim_totals(connection, product=product, target=target, lane=lane, limit=permits, now=now)
    if claimed and not advance_mark():
        with connection.transaction():
            release_claimed(connection, claimed)
        return PushReport(is_paused=True, problem=ON_HOLD)
    report = PushReport()
    with connection.transaction():
        for batch in lock_claimed(connection, claimed, claimed_at=now):
            outcome = send_batch(client, batch)
            report += settle_totals(
                connection,
                batch,
                outcome,
                product=product,
                target=target,
                settings=settings,
                now=clock(),
                read_lead=client.read_lead,
            )
            if report.is_down or report.calls >= permits or is_over():
                break
        release_claimed(connection, claimed)
    return report
