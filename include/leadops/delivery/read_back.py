"""Finds out what became of a batch whose key does not help any more: it reads the leads' scores back."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from leadops.clients.ma import MaClient
from leadops.clients.transport import Answered, Outcome, Refused
from leadops.db import Connection, load_sql
from leadops.delivery.batches import Batch, ledger_seq
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.settle_batch import close_batch, dead_letter_delta, settle_batch

AMBIGUOUS = "nobody knows whether the MA has these points: compare with `leadops explain`, then retry or drop"


def read_back(
    connection: Connection,
    client: MaClient,
    batch: Batch,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    permits: int,
    is_over: Callable[[], bool],
) -> PushReport:
    """Settle `batch` lead by lead with at most `permits` calls, in the caller's transaction.

    With `settled` = the points of a lead that the MA surely has, and `sum` = its points in this batch: an MA
    score of settled + sum means applied, settled means not applied (the deltas go out again under a new key);
    anything else, a lead that is gone, or another open call on the same lead is a dead letter for a person.
    What could not be read yet stays in the batch.
    """
    by_lead: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in batch.rows():
        by_lead[str(row["leadId"])].append(row)
    scores: dict[str, int | None] = {}
    trouble: Outcome | None = None
    for ma_id in by_lead:
        if len(scores) >= permits or is_over():
            break
        outcome = client.get_lead(ma_id)
        if isinstance(outcome, Answered) and isinstance(outcome.body, dict):
            scores[ma_id] = outcome.body.get("score")
        elif isinstance(outcome, Refused) and not outcome.concerns_caller:
            scores[ma_id] = None
        else:
            trouble = outcome
            break
    done = _judge(connection, batch, {ma_id: by_lead[ma_id] for ma_id in scores}, scores, target, now)
    left = [row for ma_id, rows in by_lead.items() if ma_id not in scores for row in rows]
    if not left:
        close_batch(connection, batch, state="done", error="read back", now=now)
        return done
    body = orjson.dumps({"updates": left} if len(left) > 1 else left[0]).decode()
    connection.execute(
        "update delivery.batches set body = %s, deltas = %s where batch_id = %s",
        [body, len(left), batch.batch_id],
    )
    if trouble is not None:
        return done + settle_batch(connection, batch, trouble, target=target, settings=settings, now=now)
    return done


def _judge(
    connection: Connection,
    batch: Batch,
    by_lead: dict[str, list[dict[str, Any]]],
    scores: dict[str, int | None],
    target: str,
    now: datetime,
) -> PushReport:
    """Settle the deltas of the leads whose scores were read."""
    known = connection.execute(
        load_sql("leadops.delivery", "sum_settled_points"),
        {"target": target, "external_ids": list(scores), "batch_id": batch.batch_id},
    ).fetchall()
    settled = {ma_id: (int(points), bool(others)) for ma_id, points, others in known}
    applied = dead = 0
    again: list[int] = []
    for ma_id, rows in by_lead.items():
        seqs = [ledger_seq(row["deltaId"]) for row in rows]
        points, others = settled.get(ma_id, (0, True))
        if not others and scores[ma_id] == points + sum(row["delta"] for row in rows):
            applied += len(seqs)
        elif not others and scores[ma_id] == points:
            again += seqs
        else:
            dead += len(seqs)
            for seq in seqs:
                dead_letter_delta(connection, seq, target=target, reason=AMBIGUOUS, now=now)
    connection.execute(load_sql("leadops.delivery", "hold_deltas"), {"target": target, "seqs": again})
    return PushReport(calls=len(scores), deltas=applied, dead=dead)
