"""What Marketo answers row by row: in the order of the call, each updated, created, deleted or skipped."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.marketo.marketo_codes import ROW_ADVICE, ROW_STATES, find_error, read_reason
from leadops.products.marketo.marketo_settings import LeadFields
from leadops.products.product_rows import LeadReading, ListedLead, RowResult, RowState, TotalRow
from leadops.tabular.times import parse_iso_time

TAKEN = frozenset({"updated", "created", "deleted"})
NOT_FOUND = LeadAbsence(AbsenceWord.NOT_FOUND)
ANOTHER_LEAD = "the answer names another lead than the row"


def read_totals(body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
    """Return what became of each total, by lead_id.

    An answer with another number of rows says nothing of any: only their order tells which one is whose.
    """
    results = read_results(body)
    if results is None or len(results) != len(rows):
        return {}
    return {row.lead_id: read_row(result, row.external_id) for row, result in zip(rows, results, strict=True)}


def read_single(body: Any, external_id: str | None = None) -> RowResult:
    """Return what became of a call with one row; `external_id` is the lead that it named, if it named one."""
    if (error := find_error(body)) is not None:
        return RowResult(ROW_STATES.get(error[0], RowState.DEAD), f"Marketo {error[0]}: {error[1]}")
    results = read_results(body)
    if results is None or len(results) != 1:
        return RowResult(RowState.UNKNOWN)
    return read_row(results[0], external_id)


def read_request(body: Any, campaign: str | None) -> RowResult:
    """Return what became of the request of a smart campaign."""
    results = read_results(body)
    if not results:
        return read_single(body)
    first = results[0] if isinstance(results[0], dict) else {}
    return RowResult(RowState.DONE if read_id(first.get("id")) == campaign else RowState.UNKNOWN)


def read_campaigns(body: Any, campaign: str | None, *, since: datetime | None) -> bool | None:
    """Return whether a lead went through a smart campaign, `since` a time (UTC) or ever.

    None where the answer does not say: it is none, or it shows only the first of many campaigns.
    """
    results = read_results(body)
    if results is None:
        return None
    for entry in results:
        if isinstance(entry, dict) and read_id(entry.get("smartCampaignId")) == campaign:
            if since is None:
                return True
            try:
                return parse_iso_time(entry.get("updatedAt")) >= since
            except ValueError:
                return None
    return None if body.get("moreResult") is True else False


def read_row(result: Any, external_id: str | None) -> RowResult:
    """Return what one result says of its row."""
    reason = read_reason(result)
    if reason is not None:
        code, message = reason
        state = ROW_STATES.get(code, RowState.DEAD)
        advice = ROW_ADVICE.get(code)
        text = f"Marketo {code}: {message}" + (f"; {advice}" if advice else "")
        return RowResult(state, text)
    if not isinstance(result, dict) or result.get("status") not in TAKEN:
        return RowResult(RowState.UNKNOWN)
    found = read_id(result.get("id"))
    if external_id is not None and found != external_id:
        return RowResult(RowState.UNKNOWN, ANOTHER_LEAD)
    return RowResult(RowState.DONE, external_id=found)


def read_results(body: Any) -> list[Any] | None:
    """Return the results of an answer, perhaps none; None where it is not an answer of Marketo's."""
    if not isinstance(body, dict) or body.get("success") is not True:
        return None
    results = body.get("result", [])
    return results if isinstance(results, list) else None


def read_found(body: Any) -> list[dict[str, Any]]:
    """Return the leads that a filter found; raise AnswerShapeError if the answer is not a list of leads."""
    results = read_results(body)
    if results is None or not all(isinstance(lead, dict) for lead in results):
        raise AnswerShapeError("Marketo leads: the answer is not a list of leads")
    return results


def read_reading(body: Any, external_id: str, fields: LeadFields) -> LeadReading:
    """Return the lead with this id, or that there is none."""
    for lead in read_found(body):
        if read_id(lead.get("id")) == external_id:
            return LeadReading(
                read_lead_score(lead, fields),
                score_seq=None if fields.seq is None else read_score(lead.get(fields.seq)),
            )
    return LeadReading(None, NOT_FOUND)


def read_listed(lead: dict[str, Any], fields: LeadFields) -> ListedLead:
    """Return a lead that a filter found."""
    email = lead.get("email")
    return ListedLead(
        external_id=read_id(lead.get("id")),
        score=read_lead_score(lead, fields),
        email=email if isinstance(email, str) else None,
        our_id=read_id(lead.get(fields.external_id)),
    )


def read_lead_score(lead: dict[str, Any], fields: LeadFields) -> int | None:
    """Return a lead's score: 0 where the field is empty, None where it is missing or not a whole number."""
    value = lead.get(fields.score, False)
    return 0 if value is None else read_score(value)
