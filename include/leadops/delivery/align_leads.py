"""Compares the total of leads that the MA has under a new id, or again, and sends what it lacks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.backoff import report_failed_call, schedule_retry
from leadops.delivery.compare_scores import LeadState, read_lead
from leadops.delivery.corrections import enqueue_correction
from leadops.delivery.dead_letters import accept_lead_letters, dead_letter_correction
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.presence import record_absence
from leadops.delivery.push_report import PushReport
from leadops.delivery.read_back import AMBIGUOUS
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.products.product_client import ProductClient
from leadops.queries import Queries

queries = Queries(__file__)

#: So long a lead waits for the calls on it that are still open.
WAIT_FOR_CALLS = timedelta(seconds=1)

#: The reason of a lead of which the MA called a correction a duplicate.
DUPLICATE = "duplicate"

#: Why such a correction is for a person.
UNTRUE_DUPLICATE = "the MA says that it had this correction before, and its score says that it had not"


class UnalignedLead(NamedTuple):
    """An id in the MA whose total must be compared, the first of our leads that have it, and why."""

    ma_id: str
    lead_id: int
    reason: str | None


def align_leads(
    connection: Connection,
    client: ProductClient,
    *,
    target: str,
    settings: DeliverySettings,
    permits: int,
    is_over: Callable[[], bool],
    now: datetime,
) -> PushReport:
    """Align up to `permits` leads of the MA with one call each; commits after each.

    A lead is aligned once no call on it is open: its score is read, and one correction brings it to the sum
    of the ledgers of all our leads that have its id. That contains what was held for them, and dead letters
    of unknown outcome. Points that were recorded meanwhile follow as usual.
    """
    with connection.transaction():
        leads = queries.all(
            connection, "list_unaligned", UnalignedLead, target=target, max_rows=permits, now=now
        )
    report = PushReport()
    for lead in leads:
        report += _align(connection, client, lead, target=target, settings=settings, now=now)
        if report.is_down or is_over():
            break
    return report


def _align(
    connection: Connection,
    client: ProductClient,
    lead: UnalignedLead,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    def postpone(until: datetime) -> None:
        queries.run(connection, "postpone", target=target, external_id=lead.ma_id, until=until)

    later = now + timedelta(seconds=settings.longest_backoff_seconds)
    before = read_lead(connection, lead.lead_id)
    if before.is_unknown:
        with connection.transaction():
            postpone(now + min(WAIT_FOR_CALLS, timedelta(seconds=settings.longest_backoff_seconds)))
        return PushReport()
    answer = client.read_lead(lead.ma_id)
    with connection.transaction():
        if answer.absence is not None:
            record_absence(connection, target=target, external_id=lead.ma_id, absence=answer.absence, now=now)
            return PushReport(calls=1)
        if answer.failure is not None:
            if not answer.is_refused:
                later = schedule_retry(
                    connection, answer.failure, target=target, attempts=1, settings=settings, now=now
                )
            postpone(later)
            return report_failed_call(answer.failure, answer.failure.reason, attempts=0)
        # Without a readable score only the audit goes on looking.
        score = answer.score
        if score is None or not _settle(connection, lead, before, score, target=target, now=now):
            postpone(later if score is None else now)
    return PushReport(calls=1)


def _settle(
    connection: Connection, lead: UnalignedLead, before: LeadState, score: int, *, target: str, now: datetime
) -> bool:
    """Correct the lead's total, and let its points go on; return False if our side changed meanwhile."""
    # An audit at the same time must not correct the same difference.
    hold_lock(connection, Lock.SCORE_RECONCILIATION)
    if read_lead(connection, lead.lead_id) != before:
        return False
    queries.run(connection, "mark_present", target=target, external_id=lead.ma_id, now=now)
    lanes = queries.values(connection, "absorb_held", target=target, external_id=lead.ma_id)
    # Of changes that a score could not decide, the total is as good an answer.
    undecided = accept_lead_letters(
        connection, target=target, external_id=lead.ma_id, reason=AMBIGUOUS, now=now
    )
    total = before.ledger - before.under_way + before.held + undecided
    if total == score:
        return True
    if lead.reason == DUPLICATE and before.correction_id is not None:
        dead_letter_correction(connection, before.correction_id, reason=UNTRUE_DUPLICATE, now=now)
        return True
    enqueue_correction(
        connection,
        lead_id=lead.lead_id,
        ma_id=lead.ma_id,
        ledger=total,
        ma=score,
        reason=f"aligned with the ledger: {lead.reason}",
        lane=Lane.LIVE if Lane.LIVE in lanes else Lane.BACKFILL,
        now=now,
    )
    return True
