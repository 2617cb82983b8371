"""Marketo's routes of leads: up to 300 rows in, an answer for each in the order of the call."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import read_body
from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import VendorError, strikes_row
from leadops_sandbox.products.leads import LeadChange
from leadops_sandbox.products.marketo.answers import RowError, answer_call, refuse_call
from leadops_sandbox.products.marketo.show_leads import find_leads, read_names, show_lead

if TYPE_CHECKING:
    from leadops_sandbox.products.marketo.face import Marketo

ACTIONS = ("createOnly", "updateOnly", "createOrUpdate", "createDuplicate")
Row = dict[str, Any]


def routes(face: "Marketo") -> list[Route]:
    """Return the routes of leads."""

    async def post(request: Request) -> Response:
        if request.query_params.get("_method") == "GET":
            form = parse_qs((await read_limited(face, request)).decode())
            return find_leads(face, {name: values[-1] for name, values in form.items()})
        return sync_leads(face, request, await read_object(face, request))

    async def get(request: Request) -> Response:
        return find_leads(face, dict(request.query_params))

    async def get_one(request: Request) -> Response:
        lead = face.leads.find(request.path_params["lead_id"])
        names = read_names(request.query_params.get("fields"))
        return answer_call(face, [] if lead is None else [show_lead(face, lead, names)])

    async def delete(request: Request) -> Response:
        given = request.query_params.get("id")
        rows = [{"id": part} for part in given.split(",")] if given else None
        rows = rows if rows is not None else (await read_object(face, request)).get("input")
        results = []
        for row in check_rows(face, rows):
            if (lead := face.leads.find(row.get("id"))) is None:
                results.append({"id": row.get("id"), **RowError("1004", "Lead not found").show()})
            else:
                face.leads.delete(lead.id, erase=True)
                results.append({"id": lead.id, "status": "deleted"})
        return answer_call(face, results)

    return [
        Route("/rest/v1/leads.json", post, methods=["POST"]),
        Route("/rest/v1/leads.json", get, methods=["GET"]),
        Route("/rest/v1/lead/{lead_id:int}.json", get_one, methods=["GET"]),
        Route("/rest/v1/leads/delete.json", delete, methods=["POST"]),
    ]


async def read_limited(face: "Marketo", request: Request) -> bytes:
    """Return the call's body; raise VendorError 413 where it is too long."""
    body = await read_body(request)
    if len(body) > face.settings.body_limit:
        raise VendorError(413, None)
    return body


async def read_object(face: "Marketo", request: Request) -> dict[str, Any]:
    """Return the call's JSON object; raise VendorError 609."""
    raw = await read_limited(face, request)
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise refuse_call(face, "609", "Invalid JSON") from error
    if not isinstance(body, dict):
        raise refuse_call(face, "609", "Invalid JSON")
    return body


def check_rows(face: "Marketo", rows: object) -> list[Row]:
    """Return the rows of a call; raise VendorError where there are none or too many."""
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise refuse_call(face, "1002", "Missing value for required parameter 'input'")
    if len(rows) > face.settings.batch_limit:
        most = face.settings.batch_limit
        raise refuse_call(face, "1003", f"Max number of records allowed is {most}")
    return rows


def sync_leads(face: "Marketo", request: Request, body: dict[str, Any]) -> Response:
    """Create and update leads; a row that cannot be written is skipped, the others are written."""
    action, lookup = body.get("action", "createOrUpdate"), body.get("lookupField", "email")
    rows = check_rows(face, body.get("input"))
    if action not in ACTIONS:
        raise refuse_call(face, "1001", f"Invalid value '{action}'. Required of type 'action'")
    if lookup != "id" and not (lookup in face.settings.fields and face.settings.fields[lookup].unique):
        raise refuse_call(face, "1003", f"Invalid lookup field '{lookup}'")
    if lookup == "id" and action != "updateOnly":
        raise refuse_call(face, "1003", "Lookup field 'id' is allowed with action 'updateOnly' only")
    results: list[Row] = []
    changes: list[LeadChange] = []
    for row in rows:
        try:
            if kind := strikes_row(request, str(row.get(lookup)), str(row.get("id"))):
                fault = face.table.rows[kind]
                raise RowError(fault.code, fault.message)  # noqa: TRY301 - as every other row that fails
            results.append(sync_row(face, action, lookup, row, changes))
        except RowError as error:
            results.append(error.show())
    face.leads.change(changes)
    return answer_call(face, results)


def sync_row(face: "Marketo", action: str, lookup: str, row: Row, changes: list[LeadChange]) -> Row:
    """Return the outcome of one row, an update goes to `changes`; raise RowError for one that is skipped."""
    if row.get(lookup) in (None, ""):
        raise RowError("1003", f"Value for lookup field '{lookup}' is missing")
    found = find_matches(face, action, lookup, row[lookup])
    if len(found) > 1:
        raise RowError("1007", "Multiple lead match lookup criteria")
    if not found and action == "updateOnly":
        raise RowError("1004", "Lead not found")
    if found and action == "createOnly":
        raise RowError("1005", "Lead already exists")
    change = read_change(face, found[0].id if found else 0, row)
    if found:
        changes.append(change)
        return {"id": found[0].id, "status": "updated"}
    lead = face.leads.create(change.fields, score=change.score)
    return {"id": lead.id, "status": "created"}


def find_matches(face: "Marketo", action: str, lookup: str, value: Any) -> list[Lead]:
    """Return the leads that a row means; one that was made just now is not found yet."""
    if action == "createDuplicate":
        return []
    if lookup == "id":
        lead = face.leads.find(value)
        return [] if lead is None else [lead]
    found = face.leads.find_unique(lookup, str(value))
    if action == "updateOnly" or not face.settings.dedupe_lag_seconds:
        return found
    known_since = face.now() - timedelta(seconds=face.settings.dedupe_lag_seconds)
    return [lead for lead in found if face.leads.people.created[lead.id] <= known_since]


def read_change(face: "Marketo", lead_id: int, row: Row) -> LeadChange:
    """Return what a row sets; raise RowError for a field or a value that is not taken."""
    settings, values = face.settings, {}
    score: float | None = None
    for name, value in row.items():
        if name == "id":
            continue
        known = settings.fields.get(name)
        if known is None:
            raise RowError("1006", f"Field '{name}' not found")
        if known.read_only:
            raise RowError("1003", f"Field '{name}' is read only")
        if known.type == "number" and value is not None:
            value = read_number(name, value)  # noqa: PLW2901 - Marketo takes numbers as texts too
        values[known.world or name] = value
        if name == settings.score_field:
            score = value or 0
    return LeadChange(lead_id, values, score=score)


def read_number(name: str, value: object) -> int:
    """Return a whole number; raise RowError 1001 when it is none."""
    try:
        return int(str(value))
    except ValueError as error:
        message = f"Invalid value '{value}'. Required of type 'integer' for field '{name}'"
        raise RowError("1001", message) from error
