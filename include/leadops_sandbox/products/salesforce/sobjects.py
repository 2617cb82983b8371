"""Single records, what Salesforce says about its objects, and what was changed or deleted since a time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import VendorError, respond
from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.salesforce.bodies import MEMBER, WRITABLE, check_type, read_object
from leadops_sandbox.products.salesforce.composite import retrieve_records
from leadops_sandbox.products.salesforce.errors import RowError, refuse_call
from leadops_sandbox.products.salesforce.fields import FIELDS, field_names, write_stamp
from leadops_sandbox.products.salesforce.ids import PREFIXES, make_id, read_id
from leadops_sandbox.products.salesforce.records import list_records
from leadops_sandbox.products.salesforce.writes import (
    Plan,
    plan_new,
    plan_update,
    plan_upsert,
    write_plans,
)

if TYPE_CHECKING:
    from leadops_sandbox.products.salesforce.face import Salesforce

BASE = "/services/data/v{version}"
#: Salesforce's words for the types of fields.
TYPES = {"number": "double", "enumeration": "picklist", "owner": "reference"}


def routes(face: "Salesforce") -> list[Route]:
    """Return the routes of single records and of what there is."""

    async def create(request: Request) -> Response:
        sobject, fields = request.path_params["sobject"], await read_object(request)
        record_id, _ = write(lambda: plan_new(face, request, sobject, fields))
        return respond({"id": record_id, "success": True, "errors": []}, status=201)

    async def update(request: Request) -> Response:
        fields, record_id = await read_object(request), request.path_params["record_id"]
        write(lambda: plan_update(face, request, record_id, fields))
        return respond(None, status=204)

    async def upsert(request: Request) -> Response:
        path, fields = request.path_params, await read_object(request)
        name, value = path["field"], path["value"]
        matches = face.leads.find_unique(name, value)
        if len(matches) > 1:
            return respond(list_urls(request, matches), status=300)
        record_id, is_new = write(lambda: plan_upsert(face, request, path["sobject"], name, value, fields))
        body = {"id": record_id, "success": True, "errors": [], "created": is_new}
        return respond(body, status=201 if is_new else 200)

    async def get_by_external_id(request: Request) -> Response:
        path = request.path_params
        check_type(path["sobject"])
        matches = face.leads.find_unique(path["field"], path["value"])
        if len(matches) > 1:
            return respond(list_urls(request, matches), status=300)
        record_id = make_id(path["sobject"], matches[0].id) if matches else ""
        return show(request, record_id)

    async def get(request: Request) -> Response:
        return show(request, request.path_params["record_id"])

    def show(request: Request, record_id: str) -> Response:
        sobject = request.path_params["sobject"]
        names = [name for name in request.query_params.get("fields", "").split(",") if name]
        names = names or field_names(face, sobject)
        if (record := retrieve_records(face, request, [record_id], names)[0]) is None:
            raise refuse_call(404, "NOT_FOUND", "The requested resource does not exist")
        return respond(record)

    async def delete(request: Request) -> Response:
        known = read_id(request.path_params["record_id"])
        lead = face.leads.find(known.number) if known and known.sobject == "Lead" else None
        if lead is None:
            raise refuse_call(404, "ENTITY_IS_DELETED", "entity is deleted")
        face.leads.delete(lead.id)
        return respond(None, status=204)

    async def describe(request: Request) -> Response:
        sobject = request.path_params["sobject"]
        if sobject not in FIELDS:
            raise refuse_call(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [describe_field(face, sobject, name) for name in field_names(face, sobject)]
        return respond({"name": sobject, "keyPrefix": PREFIXES[sobject], "fields": fields})

    async def list_objects(_: Request) -> Response:
        objects = [{"name": name, "keyPrefix": PREFIXES[name], "queryable": True} for name in FIELDS]
        return respond({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects})

    async def updated(request: Request) -> Response:
        found, covered = list_changed(face, request, deleted=False)
        return respond({"ids": [record for record, _ in found], "latestDateCovered": write_stamp(covered)})

    async def deleted(request: Request) -> Response:
        found, covered = list_changed(face, request, deleted=True)
        records = [{"id": record, "deletedDate": write_stamp(stamp)} for record, stamp in found]
        body = {"deletedRecords": records, "latestDateCovered": write_stamp(covered)}
        return respond(body | {"earliestDateAvailable": "2026-01-01T00:00:00.000+0000"})

    async def limits(_: Request) -> Response:
        settings = face.settings
        left = max(0, settings.day_limit - face.used())
        return respond({"DailyApiRequests": {"Max": settings.day_limit, "Remaining": left}})

    def write(plan: Callable[[], Plan]) -> tuple[str, bool]:
        try:
            return write_plans(face, [plan()])[0]
        except RowError as error:
            raise refuse_row(face, error) from error

    one = BASE + "/sobjects/{sobject}"
    return [
        *(Route(BASE + "/limits" + end, limits, methods=["GET"]) for end in ("", "/")),
        *(Route(BASE + "/sobjects" + end, list_objects, methods=["GET"]) for end in ("", "/")),
        *(Route(one + "/describe" + end, describe, methods=["GET"]) for end in ("", "/")),
        *(Route(one + "/updated" + end, updated, methods=["GET"]) for end in ("", "/")),
        *(Route(one + "/deleted" + end, deleted, methods=["GET"]) for end in ("", "/")),
        *(Route(one + end, create, methods=["POST"]) for end in ("", "/")),
        Route(one + "/{record_id}", get, methods=["GET"]),
        Route(one + "/{record_id}", update, methods=["PATCH"]),
        Route(one + "/{record_id}", delete, methods=["DELETE"]),
        Route(one + "/{field}/{value}", upsert, methods=["PATCH"]),
        Route(one + "/{field}/{value}", get_by_external_id, methods=["GET"]),
    ]


def list_urls(request: Request, leads: list[Lead]) -> list[str]:
    """Return the addresses of records that one external id names, all of them."""
    sobject, version = request.path_params["sobject"], request.path_params["version"]
    base = f"/services/data/v{version}/sobjects/{sobject}"
    return [f"{base}/{make_id(sobject, lead.id)}" for lead in leads]


def refuse_row(face: "Salesforce", error: RowError) -> VendorError:
    """Return a row's error as the answer to a call for one record."""
    status = 404 if error.code in ("INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED") else 400
    more: dict[str, Any] = {"fields": error.fields}
    if error.match is not None:
        record = {"attributes": {"type": "Lead"}, "Id": error.match}
        match = {"matchConfidence": 100.0, "fieldDiffs": [], "additionalInformation": [], "record": record}
        result = {"entityType": "Lead", "matchRecords": [match], "rule": "Standard_Lead_Match_Rule_v1_0"}
        more[face.settings.duplicate_key] = {
            "allowSave": face.settings.duplicate_rule == "alert",
            "duplicateRule": "Standard_Lead_Duplicate_Rule",
            "duplicateRuleEntityType": "Lead",
            "errorMessage": error.message,
            "matchResults": [
                result | {"success": True, "size": 1, "errors": [], "matchEngine": "FuzzyMatchEngine"}
            ],
        }
    return refuse_call(status, error.code, error.message, **more)


def describe_field(face: "Salesforce", sobject: str, name: str) -> dict[str, Any]:
    """Return what Salesforce says about a field."""
    known = face.settings.fields.get(name)
    is_ours = known is not None and sobject in WRITABLE
    can_write = (is_ours and known is not None and not known.read_only) or name in ("OwnerId", "Status")
    can_write = can_write or (sobject == MEMBER and name in face.settings.member_fields)
    return {
        "name": name,
        "label": name,
        "type": TYPES.get(known.type, known.type) if known is not None else "string",
        "length": known.length if known is not None else 18,
        "createable": can_write,
        "updateable": can_write,
        "externalId": bool(is_ours and known is not None and known.unique),
        "unique": bool(is_ours and known is not None and known.unique),
        "nillable": name not in face.settings.required,
        "picklistValues": [
            {"value": word, "label": word, "active": True} for word in face.settings.statuses.values()
        ]
        if name == "Status"
        else [],
    }


def list_changed(
    face: "Salesforce", request: Request, *, deleted: bool
) -> tuple[list[tuple[str, datetime]], datetime]:
    """Return what changed or was deleted between start and end, and until when that is the whole truth."""
    sobject = request.path_params["sobject"]
    check_type(sobject)
    try:
        start, end = (
            datetime.fromisoformat(request.query_params[name].replace(" ", "+")).astimezone(UTC)
            for name in ("start", "end")
        )
    except (KeyError, ValueError) as error:
        raise refuse_call(400, "INVALID_REPLICATION_DATE", "start and end must be times") from error
    if start >= end:
        raise refuse_call(400, "INVALID_REPLICATION_DATE", "startDate must be before endDate")
    settings, now = face.settings, face.now()
    found: list[tuple[str, datetime]] = []
    waiting: list[tuple[str, datetime]] = []
    for record in list_records(face, sobject, deleted=True):
        if record.is_deleted is deleted and start <= record.stamp < end:
            is_there = visible_at(record.id, record.stamp, settings) <= now
            (found if is_there else waiting).append((record.id, record.stamp))
    covered = min([stamp for _, stamp in waiting], default=min(end, now))
    return [entry for entry in found if entry[1] < covered or not waiting], covered
