"""Collections: up to 200 records a call, an answer for each in the order of the call."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.salesforce.bodies import CAMPAIGN, MEMBER, WRITABLE, check_type, read_object
from leadops_sandbox.products.salesforce.errors import ROLLED_BACK, RowError, refuse_call
from leadops_sandbox.products.salesforce.fields import field_names, show_value
from leadops_sandbox.products.salesforce.ids import read_id
from leadops_sandbox.products.salesforce.members import find_campaign, write_member
from leadops_sandbox.products.salesforce.records import contact_record, lead_record
from leadops_sandbox.products.salesforce.writes import (
    Plan,
    plan_new,
    plan_update,
    plan_upsert,
    write_plans,
)

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

Entry = dict[str, Any]
BASE = "/services/data/v{version}/composite/sobjects"


def routes(face: "Salesforce") -> list[Route]:
    """Return the routes of collections."""

    async def upsert(request: Request) -> Response:
        sobject, name = request.path_params["sobject"], request.path_params["field"]
        check_type(sobject)
        known = face.settings.fields.get(name)
        if known is None or not known.unique:
            raise refuse_call(400, "INVALID_FIELD", f"{name} is not an External ID field of {sobject}")
        body, records = await read_records(face, request)
        if any(key.lower() == "id" for entry in records for key in entry):
            raise refuse_call(400, "INVALID_INPUT", "do not specify an id field in an upsert")
        keys = [str(entry.get(name, "")).lower() for entry in records]
        twice = {key for key, count in Counter(keys).items() if count > 1}

        def plan(entry: Entry) -> Plan:
            value = entry.get(name)
            if str(value).lower() in twice:
                raise RowError("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", name)
            return plan_upsert(face, request, sobject, name, value, fields_of(entry, name))

        return write(body, records, plan, upsert=True)

    async def update(request: Request) -> Response:
        body, records = await read_records(face, request)
        if records and type_of(records[0]) == MEMBER:
            return respond([write_member(face, entry) for entry in records])
        counts = Counter(str(id_of(entry))[:15] for entry in records)

        def plan(entry: Entry) -> Plan:
            if counts[str(id_of(entry))[:15]] > 1:
                raise RowError("DUPLICATE_VALUE", f"Duplicate id specified: {id_of(entry)}", "Id")
            return plan_update(face, request, id_of(entry), fields_of(entry))

        return write(body, records, plan)

    async def create(request: Request) -> Response:
        body, records = await read_records(face, request)
        if records and type_of(records[0]) == MEMBER:
            return respond([write_member(face, entry) for entry in records])
        return write(body, records, lambda entry: plan_new(face, request, type_of(entry), fields_of(entry)))

    async def delete(request: Request) -> Response:
        ids = [text for text in request.query_params.get("ids", "").split(",") if text]
        if len(ids) > face.settings.collection_limit:
            raise too_many(face)
        results = []
        for text in ids:
            known = read_id(text)
            lead = face.leads.find(known.number) if known and known.sobject in WRITABLE else None
            if known and known.sobject == "Contact" and lead and lead.id not in face.leads.people.converted:
                lead = None
            if lead is None:
                error = RowError("ENTITY_IS_DELETED", "entity is deleted")
                results.append({"id": text, "success": False, "errors": [error.show()]})
            else:
                face.leads.delete(lead.id)
                results.append({"id": text, "success": True, "errors": []})
        return respond(results)

    async def retrieve(request: Request) -> Response:
        if request.method == "GET":
            query = request.query_params
            ids, names = query.get("ids", "").split(","), query.get("fields", "").split(",")
        else:
            body = await read_object(request)
            ids, names = body.get("ids") or [], body.get("fields") or []
        return respond(retrieve_records(face, request, ids, names))

    def write(
        body: Entry, records: list[Entry], plan: Callable[[Entry], Plan], *, upsert: bool = False
    ) -> Response:
        return respond(
            write_records(face, records, plan, all_or_none=bool(body.get("allOrNone")), upsert=upsert)
        )

    return [
        Route(BASE, update, methods=["PATCH"]),
        Route(BASE, create, methods=["POST"]),
        Route(BASE, delete, methods=["DELETE"]),
        Route(BASE + "/{sobject}", retrieve, methods=["GET", "POST"]),
        Route(BASE + "/{sobject}/{field}", upsert, methods=["PATCH"]),
    ]


def write_records(
    face: "Salesforce",
    records: list[Entry],
    plan: Callable[[Entry], Plan],
    *,
    all_or_none: bool,
    upsert: bool,
) -> list[Entry]:
    """Write what can be written, or with `all_or_none` all or nothing; return a result for each record."""
    outcomes: list[Plan | RowError] = []
    for entry in records:
        try:
            outcomes.append(plan(entry))
        except RowError as error:
            outcomes.append(error)
    if all_or_none and any(isinstance(outcome, RowError) for outcome in outcomes):
        outcomes = [outcome if isinstance(outcome, RowError) else ROLLED_BACK for outcome in outcomes]
    written = iter(write_plans(face, [outcome for outcome in outcomes if isinstance(outcome, Plan)]))
    results: list[Entry] = []
    for outcome in outcomes:
        if isinstance(outcome, RowError):
            result: Entry = {"success": False, "errors": [outcome.show()]}
            is_new = False
        else:
            record_id, is_new = next(written)
            result = {"id": record_id, "success": True, "errors": []}
        results.append(result | ({"created": is_new} if upsert else {}))
    return results


def retrieve_records(
    face: "Salesforce", request: Request, ids: list[str], names: list[str]
) -> list[Entry | None]:
    """Return the records with `ids`, None for one that is not there; raise VendorError for a wrong field."""
    sobject, version = request.path_params["sobject"], request.path_params["version"]
    check_type(sobject)
    if len(ids) > face.settings.retrieve_limit:
        raise too_many(face)
    for name in names:
        if name not in field_names(face, sobject):
            raise refuse_call(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {sobject}")
    if sobject == CAMPAIGN:
        return [find_campaign(face, text) for text in ids]
    make = lead_record if sobject == "Lead" else contact_record
    shown: list[Entry | None] = []
    for text in ids:
        known = read_id(text)
        lead = face.leads.find(known.number) if known and known.sobject == sobject else None
        if lead is None or (sobject == "Contact" and lead.id not in face.leads.people.converted):
            shown.append(None)
            continue
        record = make(face, lead)
        url = f"/services/data/v{version}/sobjects/{sobject}/{record.id}"
        values = {name: show_value(record.read(name)) for name in dict.fromkeys([*names, "Id"])}
        shown.append({"attributes": {"type": sobject, "url": url}, **values})
    return shown


async def read_records(face: "Salesforce", request: Request) -> tuple[Entry, list[Entry]]:
    """Return the call's body and its records; raise VendorError 400 when the call is not well formed."""
    body = await read_object(request)
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(entry, dict) for entry in records):
        raise refuse_call(400, "JSON_PARSER_ERROR", "records must be a list of objects")
    if len(records) > face.settings.collection_limit:
        raise too_many(face)
    for entry in records:
        check_type(type_of(entry))
    return body, records


def too_many(face: "Salesforce") -> Exception:
    """Return the error about too many records in a call."""
    most = face.settings.collection_limit
    message = f"record limit reached. cannot submit more than {most} records into this call"
    return refuse_call(400, "EXCEEDED_ID_LIMIT", message)


def type_of(entry: Entry) -> str:
    """Return the object that a record says it is of."""
    attributes = entry.get("attributes")
    return str(attributes.get("type", "")) if isinstance(attributes, dict) else ""


def id_of(entry: Entry) -> object:
    """Return the id that a record names, however it is spelled."""
    return next((value for key, value in entry.items() if key.lower() == "id"), None)


def fields_of(entry: Entry, *others: str) -> Entry:
    """Return the fields that a record sets."""
    return {
        key: value
        for key, value in entry.items()
        if key not in ("attributes", *others) and key.lower() != "id"
    }
