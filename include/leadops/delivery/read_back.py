"""Finds out what became of a batch whose key the MA may have forgotten: it reads the leads' scores back."""

from collections import defaultdict
from datetime import datetime

from leadops.clients.ma import MaClient
from leadops.clients.transport import Answered
from leadops.db import Connection, load_sql
from leadops.delivery.batches import Batch, ledger_seq
from leadops.delivery.report import Report
from leadops.delivery.settings import DeliverySettings
from leadops.delivery.settle import bury_delta, close_batch, settle_batch

AMBIGUOUS = "the MA's score fits neither 'applied' nor 'not applied': compare with `leadops explain`"


def read_back(
    connection: Connection,
    client: MaClient,
    batch: Batch,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> Report:
    """Settle `batch` lead by lead, in the caller's transaction.

    With `settled` = the points of a lead that the MA surely has, and `sum` = its points in this batch: an MA
    score of settled + sum means applied, settled means not applied (the deltas go out again under a new key);
    anything else, or another open call on the same lead, is a dead letter for a person to judge.
    """
    seqs_by_lead: dict[int, list[int]] = defaultdict(list)
    points_by_lead: dict[int, int] = defaultdict(int)
    for row in batch.rows():
        seqs_by_lead[row["leadId"]].append(ledger_seq(row["deltaId"]))
        points_by_lead[row["leadId"]] += row["delta"]
    scores: dict[int, int] = {}
    for ma_id in seqs_by_lead:
        outcome = client.get_lead(str(ma_id))
        if not isinstance(outcome, Answered):
            # Not even this lead can be read: leave the whole batch open and come again.
            return settle_batch(connection, batch, outcome, target=target, settings=settings, now=now)
        scores[ma_id] = int(outcome.body["score"])

    applied = dead = 0
    for ma_id, seqs in seqs_by_lead.items():
        settled, others = _settled_points(connection, batch, str(ma_id), target=target)
        if not others and scores[ma_id] == settled + points_by_lead[ma_id]:
            applied += len(seqs)
        elif not others and scores[ma_id] == settled:
            connection.execute(load_sql("leadops.delivery", "hold_deltas"), {"target": target, "seqs": seqs})
        else:
            dead += len(seqs)
            for seq in seqs:
                bury_delta(connection, seq, target=target, reason=AMBIGUOUS, now=now)
    close_batch(connection, batch, state="done", error="read back", now=now)
    return Report(calls=len(scores), deltas=applied, dead=dead)


def _settled_points(connection: Connection, batch: Batch, ma_id: str, *, target: str) -> tuple[int, bool]:
    """Return the points of a lead that the MA surely has, and whether another open call concerns it too."""
    found = connection.execute(
        load_sql("leadops.delivery", "sum_settled_points"),
        {"target": target, "external_id": ma_id, "batch_id": batch.batch_id},
    ).fetchone()
    return (int(found[0]), bool(found[1])) if found else (0, False)
