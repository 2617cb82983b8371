"""Settles a batch of unknown outcome by the product's own log, where that is how a change is known again."""

from collections.abc import Callable
from datetime import datetime

from leadops.clients.call_outcomes import Answered, Failure, Refused
from leadops.db import Connection
from leadops.delivery.batches import BatchState, DeltaBatch, close_batch, split_batch
from leadops.delivery.build_totals import LATE_CALLS
from leadops.delivery.dead_letters import dead_letter_delta
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.read_back import AMBIGUOUS, keep_undecided
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import ScoreRow

#: Why a batch stays open whose changes are not in the log.
NOT_THERE_YET = "the target's log does not have these changes yet: looked up again later"
#: Why changes of a batch are sent again.
NOT_IN_LOG = "not in the target's log"


def look_up(
    connection: Connection,
    client: ProductClient,
    batch: DeltaBatch,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
    permits: int,
    is_over: Callable[[], bool],
) -> PushReport:
    """Settle `batch` change by change with at most `permits` calls, in the caller's transaction.

    A change that is in the log is settled. One that is still missing LATE_CALLS after the call goes out
    again, with the same delta_id; one of which the log does not say is a dead letter for a person.
    """
    is_final = now - batch.first_sent_at > LATE_CALLS
    rows = batch.score_rows
    answers: dict[int, bool | None] = {}
    failure: Failure | None = None
    for row in rows[:permits]:
        if is_over():
            break
        found = find_change(client, row)
        if not (found is None or isinstance(found, bool)):
            failure = found
            break
        answers[row.seq] = found
    applied = [row for row in rows if answers.get(row.seq)]
    looked_up = [row for row in rows if row.seq in answers and not answers[row.seq]]
    missing = [row for row in looked_up if answers[row.seq] is False] if is_final else []
    unclear = [row for row in looked_up if answers[row.seq] is None] if is_final else []
    if missing:
        split_batch(connection, batch, [missing], error=NOT_IN_LOG)
    for row in unclear:
        dead_letter_delta(connection, row.seq, target=target, reason=AMBIGUOUS, now=now)
    report = PushReport(calls=len(answers), deltas=len(applied), dead=len(unclear))
    settled = {row.seq for row in (*applied, *missing, *unclear)}
    left = [row for row in rows if row.seq not in settled]
    if not left:
        close_batch(connection, batch, state=BatchState.DONE, error="looked up", now=now)
        return report
    # Those that were looked up come last, so that every change has its turn.
    left.sort(key=lambda row: row.seq in answers)
    return report + keep_undecided(
        connection,
        batch,
        left,
        failure,
        error=None if is_final else NOT_THERE_YET,
        product=client.product,
        target=target,
        settings=settings,
        now=now,
    )


def find_change(client: ProductClient, row: ScoreRow) -> bool | Failure | None:
    """Return whether the product's log has the change (None: it does not say), or why it was not read."""
    outcome = client.send(client.product.make_lookup_call(row))
    if isinstance(outcome, Answered):
        return client.product.read_lookup(outcome.body, row)
    if isinstance(outcome, Refused) and not outcome.concerns_caller:
        return None
    return outcome
