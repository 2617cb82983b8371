"""Corrects scores in the MA that differ from the ledger, within a limit; the ledger always wins."""

from dataclasses import dataclass, field
from datetime import date, datetime

from leadops.db import Connection
from leadops.delivery.audit import settle_absent
from leadops.delivery.build_totals import want_total
from leadops.delivery.compare_scores import (
    LeadState,
    Suspect,
    UnmatchedLead,
    compare_all,
    compare_lead,
    read_lead,
)
from leadops.delivery.corrections import enqueue_correction
from leadops.delivery.delivery_settings import AuditSettings
from leadops.delivery.presence import count_gone
from leadops.lanes import Lane
from leadops.locks import Lock, hold_lock
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__, topic="compare_scores")

REASON = "audit: corrected to the ledger"

#: Leads that are named; all are counted.
MAX_NAMED_LEADS = 20


@dataclass
class ReconciliationResult:
    """What a comparison found (leads) and did. Beyond a limit it stops comparing, and corrects nothing."""

    leads: int = 0
    ma_leads: int = 0
    under_way: int = 0
    differing: int = 0  # the MA's score is not the ledger's sum
    missing_in_ma: int = 0  # the MA no longer has the lead, and this comparison is the first to notice
    gone: int = 0  # leads that are gone from the MA, those included if they are few
    inconsistent: int = 0  # our own score is not the ledger's sum: a correction in the MA would not help
    corrected: int = 0
    unmatched: int = 0  # leads of the MA that are not ours
    unreadable: int = 0  # the MA's score is not a whole number
    limit_exceeded: bool = False
    uncorrected: list[int] = field(default_factory=list)  # lead_ids, the first of those left as they are
    unmatched_leads: list[UnmatchedLead] = field(default_factory=list)


@dataclass(frozen=True)
class WrongScore:
    """A lead whose score in the MA can be corrected."""

    lead_id: int
    ma_id: str
    state: LeadState
    ma: int


def reconcile_scores(
    connection: Connection,
    client: ProductClient,
    *,
    settings: AuditSettings,
    night: date,
    audited_by: str,
    now: datetime,
) -> ReconciliationResult:
    """Compare every lead with the MA, and send the difference where the MA is wrong; commits as it goes.

    Corrects only leads with nothing under way, compared again right before. Each correction is a row of
    delivery.score_corrections, and an effect of the outbox with its own delta_id; where scores are set, the
    total goes out once more. At most settings.max_corrections
    are corrected in one `night` (local day): if more differ, or more than settings.max_missing are missing,
    none is, and none of the missing counts as gone. The result is kept in delivery.audits. Raises
    TransientError or PermanentError when the MA cannot be read.
    """
    with connection.transaction():
        audit_id = int(
            queries.value(
                connection,
                "insert_audit",
                night=night,
                audited_by=audited_by,
                correction_limit=settings.max_corrections,
                missing_limit=settings.max_missing,
                now=now,
            )
        )
        left_tonight = settings.max_corrections - int(
            queries.value(connection, "count_corrections", night=night)
        )
    comparison = compare_all(connection, client, now=now)
    comparison, missing = settle_absent(
        connection, client, comparison, max_missing=settings.max_missing, now=now
    )
    result = ReconciliationResult(
        leads=comparison.leads,
        ma_leads=comparison.ma_leads,
        under_way=comparison.under_way,
        unmatched=comparison.unmatched,
        unmatched_leads=comparison.unmatched_leads,
        missing_in_ma=len(missing),
        limit_exceeded=len(missing) > settings.max_missing,
    )
    if result.limit_exceeded:
        result.uncorrected = [lead.suspect.lead_id for lead in missing]
    wrong_scores: list[WrongScore] = []
    for suspect in [] if result.limit_exceeded else comparison.suspects:
        wrong = _classify(connection, client, suspect, result)
        if wrong:
            wrong_scores.append(wrong)
        if (
            result.differing > left_tonight
            or result.missing_in_ma > settings.max_missing
            or result.inconsistent > MAX_NAMED_LEADS
        ):
            result.limit_exceeded = True
            break
    if result.limit_exceeded:
        result.uncorrected += [wrong.lead_id for wrong in wrong_scores if not wrong.state.is_refused]
    else:
        for wrong in wrong_scores:
            _correct(connection, wrong, result, way=client.product.score_way, audit_id=audit_id, now=now)
    with connection.transaction():
        result.gone = count_gone(connection, target="ma")
        _end_audit(connection, result, audit_id=audit_id, now=now)
    return result


def _classify(
    connection: Connection, client: ProductClient, suspect: Suspect, result: ReconciliationResult
) -> WrongScore | None:
    """Compare one lead again and count it; return it where the MA can be corrected, or asked once more."""
    compared = compare_lead(connection, client, suspect)
    state, ma = compared.state, compared.ma
    if not (compared.differs or compared.is_unreadable):
        return None
    if state.is_inconsistent:
        result.inconsistent += 1
    elif compared.is_unreadable:
        result.unreadable += 1
    elif ma is None or suspect.external_id is None:
        result.missing_in_ma += 1  # the MA never had it, or lost it just now
    elif not compared.is_stable or state.open_rows or state.is_unknown:
        result.under_way += 1  # it is changing: the next comparison sees what remains
        return None
    else:
        result.differing += 1
        wrong = WrongScore(suspect.lead_id, suspect.external_id, state, ma)
        if not state.is_refused:
            return wrong
        if client.product.score_way is ScoreWay.SET:
            result.uncorrected.append(suspect.lead_id)
            return wrong
    result.uncorrected.append(suspect.lead_id)
    return None


def _correct(
    connection: Connection,
    wrong: WrongScore,
    result: ReconciliationResult,
    *,
    way: ScoreWay,
    audit_id: int,
    now: datetime,
) -> None:
    """Enqueue the difference, or the total, unless the lead has changed since its score there was read."""
    with connection.transaction():
        # Two comparisons at once must not correct the same difference twice.
        hold_lock(connection, Lock.SCORE_RECONCILIATION)
        if wrong.state.is_refused:
            # Its cause may be gone by now, and no dead letter sends a total again. It stays on the list.
            want_total(connection, target="ma", lead_id=wrong.lead_id, now=now)
            return
        if read_lead(connection, wrong.lead_id, way=way) != wrong.state:
            result.differing -= 1
            result.under_way += 1
            return
        enqueue_correction(
            connection,
            audit_id=audit_id,
            lead_id=wrong.lead_id,
            ma_id=wrong.ma_id,
            ledger=wrong.state.ledger,
            ma=wrong.ma,
            reason=REASON,
            way=way,
            # Corrections go out after what happens now.
            lane=Lane.BACKFILL,
            now=now,
        )
    result.corrected += 1


def _end_audit(connection: Connection, result: ReconciliationResult, *, audit_id: int, now: datetime) -> None:
    queries.run(
        connection,
        "end_audit",
        audit_id=audit_id,
        now=now,
        leads=result.leads,
        ma_leads=result.ma_leads,
        under_way=result.under_way,
        differing=result.differing,
        missing_in_ma=result.missing_in_ma,
        inconsistent=result.inconsistent,
        unmatched=result.unmatched,
        gone=result.gone,
        corrected=result.corrected,
        lead_ids=result.uncorrected[:MAX_NAMED_LEADS],
    )
