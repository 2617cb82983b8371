"""Compares the total of leads that the MA has under a new id, or again, and sends what it lacks."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple, cast

from leadops.clients.call_outcomes import Failure
from leadops.db import Connection
from leadops.delivery.compare_scores import LeadState, read_lead
from leadops.delivery.corrections import enqueue_correction
from leadops.delivery.dead_letters import accept_lead_letters, dead_letter_correction
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.presence import (
    MOVED,
    PAUSE_BETWEEN_MERGES,
    THERE_AFTER_ALL,
    record_absence,
)
from leadops.delivery.push_report import PushReport, report_failed_call, schedule_retry
from leadops.delivery.read_back import AMBIGUOUS
from leadops.delivery.slices import ALL_LEADS, LeadSlice
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.products.product_client import LeadAnswer, ProductClient
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__, topic="totals")

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


class AbsorbedDelta(NamedTuple):
    """A held change that the total contains from now on."""

    lane: int
    points: int


def align_leads(
    connection: Connection,
    client: ProductClient,
    *,
    target: str,
    settings: DeliverySettings,
    permits: int,
    is_over: Callable[[], bool],
    now: datetime,
    among: LeadSlice = ALL_LEADS,
) -> PushReport:
    """Align up to `permits` leads of the MA, of a slice, with one call each; commits after each.

    A lead is aligned once no call on it is open: its score is read, and one correction brings it to the sum
    of the ledgers of all our leads that have its id. That contains what was held for them, and dead letters
    of unknown outcome. Points that were recorded meanwhile follow as usual.

    Where totals are set, only leads that have moved are read, to learn where they are: the next total aligns
    all others.
    """
    sets_totals = client.product.score_way is ScoreWay.SET
    with connection.transaction():
        leads = queries.all(
            connection,
            "list_unaligned",
            UnalignedLead,
            target=target,
            only_reason=MOVED if sets_totals else None,
            slice=among.number,
            slices=among.slices,
            max_rows=permits,
            now=now,
        )
    align = _find_lead if sets_totals else _align
    report = PushReport()
    for lead in leads:
        report += align(connection, client, lead, target=target, settings=settings, now=now)
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
    before = read_lead(connection, lead.lead_id)
    if before.is_unknown:
        with connection.transaction():
            pause = min(WAIT_FOR_CALLS, timedelta(seconds=settings.longest_backoff_seconds))
            _postpone(connection, lead, now + pause, target=target)
        return PushReport()
    answer = client.read_lead(lead.ma_id)
    with connection.transaction():
        if answer.absence is not None or answer.failure is not None:
            return _settle_unread(connection, lead, answer, target=target, settings=settings, now=now)
        # Without a readable score only the audit goes on looking.
        score = answer.score
        if score is None:
            later = now + timedelta(seconds=settings.longest_backoff_seconds)
            _postpone(connection, lead, later, target=target)
        elif not _settle(connection, lead, before, score, target=target, now=now):
            _postpone(connection, lead, now, target=target)
    return PushReport(calls=1)


def _find_lead(
    connection: Connection,
    client: ProductClient,
    lead: UnalignedLead,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Learn which lead stands for one that has moved; its total goes out whatever the score there is."""
    answer = client.read_lead(lead.ma_id)
    with connection.transaction():
        if answer.absence is not None or answer.failure is not None:
            return _settle_unread(connection, lead, answer, target=target, settings=settings, now=now)
        # It is there after all: its total goes out, but not at once, since an answer just said otherwise.
        until = now + PAUSE_BETWEEN_MERGES
        queries.run(
            connection,
            "mark_found",
            target=target,
            external_id=lead.ma_id,
            there=THERE_AFTER_ALL,
            until=until,
        )
    return PushReport(calls=1)


def _settle_unread(
    connection: Connection,
    lead: UnalignedLead,
    answer: LeadAnswer,
    *,
    target: str,
    settings: DeliverySettings,
    now: datetime,
) -> PushReport:
    """Record that the lead is gone or elsewhere, or let it wait after a call that failed."""
    if answer.absence is not None:
        record_absence(connection, target=target, external_id=lead.ma_id, absence=answer.absence, now=now)
        return PushReport(calls=1)
    later = now + timedelta(seconds=settings.longest_backoff_seconds)
    failure = cast(Failure, answer.failure)
    if not answer.is_refused:
        later = schedule_retry(connection, failure, target=target, attempts=1, settings=settings, now=now)
    _postpone(connection, lead, later, target=target)
    return report_failed_call(failure, failure.reason, attempts=0)


def _postpone(connection: Connection, lead: UnalignedLead, until: datetime, *, target: str) -> None:
    queries.run(connection, "postpone", target=target, external_id=lead.ma_id, until=until)


def _settle(
    connection: Connection, lead: UnalignedLead, before: LeadState, score: int, *, target: str, now: datetime
) -> bool:
    """Correct the lead's total, and let its points go on; return False if our side changed meanwhile."""
    # An audit at the same time must not correct the same difference.
    hold_lock(connection, Lock.SCORE_RECONCILIATION)
    if read_lead(connection, lead.lead_id) != before:
        return False
    queries.run(connection, "mark_present", target=target, external_id=lead.ma_id, now=now)
    # Another worker may have held more since `before`: what is absorbed counts.
    absorbed = queries.all(connection, "absorb_held", AbsorbedDelta, target=target, external_id=lead.ma_id)
    # Of changes that a score could not decide, the total is as good an answer.
    undecided = accept_lead_letters(
        connection, target=target, external_id=lead.ma_id, reason=AMBIGUOUS, now=now
    )
    total = before.ledger - before.under_way + sum(delta.points for delta in absorbed) + undecided
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
        lane=Lane.LIVE if Lane.LIVE in {delta.lane for delta in absorbed} else Lane.BACKFILL,
        now=now,
    )
    return True
