"""What a batch of contacts came to, row by row: a row counts as done only under the id that was sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from leadops.clients.answer_values import read_id
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.hubspot.hubspot_codes import ROW_CATEGORIES, find_existing_id, list_errors
from leadops.products.product_rows import RowResult, RowState, TotalRow

_DONE = RowResult(RowState.DONE)
#: HubSpot says "COMPLETE" all the same: an address in place of an id, or a malformed body, changes nothing.
_LEFT_OUT = "HubSpot says that the batch is complete, and leaves the contact out"
_UNKNOWN = RowResult(RowState.UNKNOWN, _LEFT_OUT)
#: One that is left out where others are not may have been merged into another contact.
_MOVED = RowResult(RowState.MOVED, _LEFT_OUT)


def read_totals(body: Any, rows: Sequence[TotalRow]) -> dict[int, RowResult]:
    """Return what the answer to a batch update says of each row, by lead_id."""
    if not isinstance(body, dict):
        return {}
    leads = {row.external_id: row.lead_id for row in rows}
    traces = {str(row.lead_id): row for row in rows}
    found: dict[int, RowResult] = {}
    results = _list_results(body)
    times = Counter(str(entry.get("id")) for entry in results)
    for entry in results:
        external_id = read_id(entry.get("id"))
        sent = traces.get(str(entry.get("objectWriteTraceId")))
        if external_id in leads and (sent is None or sent.external_id == external_id):
            # Named twice, it may have the total of another row.
            found[leads[external_id]] = _DONE if times[external_id] == 1 else _UNKNOWN
        elif sent is not None and external_id is not None:
            # The contact was merged: HubSpot wrote to the one that survives.
            absence = LeadAbsence(AbsenceWord.MERGED, external_id)
            found[sent.lead_id] = RowResult(RowState.GONE, absence=absence)
    for error in list_errors(body):
        result = read_error(error)
        for lead_id in _find_leads(error, leads, traces):
            found[lead_id] = result
    left_out = _MOVED if found or len(rows) == 1 else _UNKNOWN
    return {row.lead_id: found.get(row.lead_id, left_out) for row in rows}


def read_upsert(body: Any) -> RowResult:
    """Return the id of the contact that an upsert made or changed.

    AGAIN with an id: another contact has the address already, and that is the one.
    """
    if not isinstance(body, dict):
        return RowResult(RowState.UNKNOWN)
    for error in [body, *list_errors(body)]:
        if (existing := find_existing_id(error)) is not None:
            return RowResult(RowState.AGAIN, error.get("message"), external_id=existing)
    for error in list_errors(body):
        return read_error(error)
    ids = [read_id(entry.get("id")) for entry in _list_results(body)]
    if len(ids) != 1 or ids[0] is None:
        return _UNKNOWN
    return RowResult(RowState.DONE, external_id=ids[0])


def read_change(body: Any, external_id: str) -> RowResult:
    """Return what an update of one contact came to."""
    if not isinstance(body, dict):
        return RowResult(RowState.UNKNOWN)
    for error in list_errors(body):
        return read_error(error)
    entries = [entry | {"objectWriteTraceId": "0"} for entry in _list_results(body)]
    return read_totals(body | {"results": entries}, [TotalRow(0, 0, external_id, 0)])[0]


def read_error(error: Mapping[str, Any]) -> RowResult:
    """Return what the error of a row means."""
    state = ROW_CATEGORIES.get(str(error.get("category")), RowState.UNKNOWN)
    absence = LeadAbsence(AbsenceWord.NOT_FOUND) if state is RowState.GONE else None
    return RowResult(state, error.get("message"), absence)


def _list_results(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    results = body.get("results")
    return [entry for entry in (results if isinstance(results, list) else []) if isinstance(entry, dict)]


def _find_leads(
    error: Mapping[str, Any], leads: Mapping[str, int], traces: Mapping[str, TotalRow]
) -> list[int]:
    """Return the leads that an error is about: it names them by trace id, or by the ids of the contacts."""
    context = error.get("context")
    named = context if isinstance(context, dict) else {}
    by_trace = _read_texts(named.get("objectWriteTraceId"))
    by_id = [*_read_texts(named.get("ids")), *_read_texts(named.get("id"))]
    return [traces[text].lead_id for text in by_trace if text in traces] or [
        leads[text] for text in by_id if text in leads
    ]


def _read_texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(read_id, values) if text is not None]
