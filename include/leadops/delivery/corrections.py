"""Corrections of scores in the MA: each is on record, and an effect of the outbox or a total that is sent."""

from datetime import datetime
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.build_totals import want_total
from leadops.delivery.outbox import enqueue_effect
from leadops.lanes import Lane
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__, topic="totals")


class NewCorrection(NamedTuple):
    """A correction on record, and what makes its delta_id unique."""

    correction_id: int
    nonce: str


def enqueue_correction(
    connection: Connection,
    *,
    lead_id: int,
    ma_id: str,
    ledger: int,
    ma: int,
    reason: str,
    lane: Lane,
    now: datetime,
    audit_id: int | None = None,
    way: ScoreWay = ScoreWay.ADD,
) -> None:
    """Send the difference between `ledger`, the points that the lead should have in the MA, and `ma`.

    In the caller's transaction. Where scores are set (`way`), the total goes out once more instead. Without
    an `audit_id` the correction counts towards no night's limit.
    """
    correction = queries.one(
        connection,
        "insert_correction",
        NewCorrection,
        audit_id=audit_id,
        lead_id=lead_id,
        external_id=ma_id,
        ledger=ledger,
        ma=ma,
        now=now,
    )
    if way is ScoreWay.SET:
        want_total(connection, target="ma", lead_id=lead_id, now=now)
        return
    key = f"ma-correction-{correction.correction_id}"
    enqueue_effect(
        connection,
        target="ma",
        operation="correct_score",
        payload={
            "external_id": ma_id,
            "points": ledger - ma,
            "reason": reason,
            "delta_id": f"{correction.nonce}-correction-{correction.correction_id}",
        },
        idempotency_key=key,
        lead_id=lead_id,
        now=now,
        lane=lane,
    )
    queries.run(connection, "link_effect", correction_id=correction.correction_id, idempotency_key=key)
