"""HubSpot's batches of contacts: update, upsert, create, read, archive."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import has_manner, respond, strikes_row
from leadops_sandbox.products.hubspot.bodies import read_inputs, read_names, read_object
from leadops_sandbox.products.hubspot.errors import RowError, missing_objects, refuse_call
from leadops_sandbox.products.hubspot.properties import (
    check_properties,
    read_change,
    show_contact,
    write_stamp,
)
from leadops_sandbox.products.leads import LeadChange

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot

Input = dict[str, Any]
#: What becomes of one input: the contact and its change; None where HubSpot says nothing about the input.
Plan = tuple[Lead | None, LeadChange] | None


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes of batches."""

    async def update(request: Request) -> Response:
        inputs = read_inputs(face, await read_object(face, request))
        check_id_property(face, inputs)
        return write_batch(face, request, inputs, plan_update)

    async def upsert(request: Request) -> Response:
        inputs = read_inputs(face, await read_object(face, request))
        check_id_property(face, inputs)
        if any(not entry.get("idProperty") for entry in inputs):
            raise refuse_call(face, 400, "idProperty is required for an upsert")
        return write_batch(face, request, inputs, plan_upsert, upsert=True)

    async def create(request: Request) -> Response:
        inputs = read_inputs(face, await read_object(face, request))
        for entry in inputs:
            check_conflict(face, entry)
        return write_batch(face, request, inputs, plan_create, created=True)

    async def read(request: Request) -> Response:
        body = await read_object(face, request)
        return read_batch(face, body)

    async def archive(request: Request) -> Response:
        for entry in read_inputs(face, await read_object(face, request)):
            if (lead := face.leads.find(entry.get("id"))) is not None:
                face.leads.delete(lead.id)
        return respond(None, status=204)

    handlers = {"update": update, "upsert": upsert, "create": create, "read": read, "archive": archive}
    return [
        Route(path, handler, methods=["POST"])
        for name, handler in handlers.items()
        for path in face.object_paths("contacts", f"/batch/{name}")
    ]


def write_batch(
    face: "HubSpot",
    request: Request,
    inputs: list[Input],
    plan: Callable[["HubSpot", Input], Plan],
    *,
    upsert: bool = False,
    created: bool = False,
) -> Response:
    """Write what can be written of `inputs` and answer 200 or 201, or 207 when some fail.

    Where a failure may not stay alone (`multi_status`), it refuses the whole call and nothing is written.
    """
    started = face.now()
    if has_manner(request, "silent"):
        return respond({**frame(started, face.now()), "results": []})
    planned: list[tuple[Input, Plan]] = []
    errors: list[tuple[Input, RowError]] = []
    for entry in inputs:
        try:
            if kind := strikes_row(request, str(entry.get("id"))):
                fault = face.table.rows[kind]
                raise RowError(fault.code, fault.message)  # noqa: TRY301 - as every other row that fails
            planned.append((entry, plan(face, entry)))
        except RowError as error:
            errors.append((entry, error))
    for _, wrong in errors:
        if not fails_alone(face, inputs, wrong):
            raise wrong.refuse(face)
    written = write_plans(face, planned)
    results = [
        show_contact(face, lead, names=list(entry.get("properties") or {}))
        | ({"new": new} if upsert else {})
        | ({"objectWriteTraceId": entry["objectWriteTraceId"]} if "objectWriteTraceId" in entry else {})
        for entry, lead, new in written
    ]
    results.sort(key=lambda result: int(result["id"]))  # HubSpot does not keep the order of the inputs
    body = {**frame(started, face.now()), "results": results}
    if not errors:
        return respond(body, status=201 if created else 200)
    shown = [wrong.show(trace_id=entry.get("objectWriteTraceId")) for entry, wrong in errors]
    return respond(body | {"numErrors": len(shown), "errors": shown}, status=207)


def fails_alone(face: "HubSpot", inputs: list[Input], error: RowError) -> bool:
    """Return whether a row's error leaves the other rows alone."""
    manner = face.settings.multi_status
    if manner == "always" or error.category == "OBJECT_NOT_FOUND":
        return True
    ids = [entry.get("objectWriteTraceId") for entry in inputs]
    return manner == "trace_ids" and None not in ids and len(set(ids)) == len(ids)


def write_plans(face: "HubSpot", planned: list[tuple[Input, Plan]]) -> list[tuple[Input, Lead, bool]]:
    """Write every plan; return each input with its contact and whether that is new."""
    written: list[tuple[Input, Lead, bool]] = []
    changes: list[LeadChange] = []
    for entry, plan in planned:
        if plan is None:
            continue
        lead, change = plan
        if lead is None:
            made = face.leads.create(
                change.fields, score=change.score, status=change.status, owner_id=change.owner_id
            )
            written.append((entry, made, True))
        else:
            changes.append(change)
            written.append((entry, lead, False))
    face.leads.change(changes)
    return written


def plan_update(face: "HubSpot", entry: Input) -> Plan:
    """Plan one input of an update; None for one that HubSpot leaves out without a word."""
    lead = find_input(face, entry)
    if lead is None:
        text = str(entry.get("id"))
        known = face.world.ma.leads.get(int(text)) if text.isdecimal() else None
        if known is not None and known.absence == "merged":
            survivor = face.world.ma.find_survivor(known.id)
            if face.settings.merged_update == "survivor" and survivor and not survivor.absence:
                return survivor, read_change(face, survivor, entry.get("properties") or {})
            return None
        if not text.isdecimal() and not entry.get("idProperty"):
            return None  # an address in place of an id: "success", and nothing changes
        raise missing_objects([text])
    return lead, read_change(face, lead, entry.get("properties") or {})


def plan_upsert(face: "HubSpot", entry: Input) -> Plan:
    """Plan one input of an upsert by a unique property."""
    name, properties = entry["idProperty"], dict(entry.get("properties") or {})
    lead = find_input(face, entry)
    if lead is None:
        return plan_create(face, {"properties": {name: entry.get("id"), **properties}})
    if name == "email" and face.settings.email_upsert == "refused":
        writable = {field for field, known in face.settings.fields.items() if not known.read_only}
        if not writable <= set(properties):
            message = "Partial upserts are not supported when using email as the idProperty"
            raise RowError("VALIDATION_ERROR", message)
    return lead, read_change(face, lead, properties)


def plan_create(face: "HubSpot", entry: Input) -> Plan:
    """Plan a new contact."""
    properties = entry.get("properties") or {}
    check_properties(face, properties)
    return None, read_change(face, Lead(0, ""), properties)


def find_input(face: "HubSpot", entry: Input) -> Lead | None:
    """Return the contact that an input names, by record id or by its idProperty."""
    if not (name := entry.get("idProperty")):
        return face.leads.find(entry.get("id"))
    found = face.leads.find_unique(name, str(entry.get("id")))
    return found[0] if found else None


def check_id_property(face: "HubSpot", inputs: list[Input]) -> None:
    """Raise VendorError 400 for the whole batch where an input's idProperty is not a unique property."""
    for name in {entry["idProperty"] for entry in inputs if entry.get("idProperty")}:
        known = face.settings.fields.get(name)
        if known is None or not known.unique:
            raise refuse_call(
                face, 400, f"Unable to perform update/upsert by non-unique 0-1 property: {name}"
            )


def check_conflict(face: "HubSpot", entry: Input) -> None:
    """Raise VendorError 409 where a contact has the input's email already."""
    email = str((entry.get("properties") or {}).get("email") or "")
    if email and (found := face.leads.find_unique("email", email)):
        message = f"Contact already exists. Existing ID: {found[0].id}"
        raise refuse_call(face, 409, message, category="CONFLICT")


def read_batch(face: "HubSpot", body: dict[str, Any]) -> Response:
    """Answer a batch read: what is there, and one error that names everything that is not.

    A merged contact is answered by the one that survives.
    """
    started = face.now()
    inputs = [entry | {"idProperty": body.get("idProperty")} for entry in read_inputs(face, body)]
    check_id_property(face, inputs)
    names, history = read_names(body.get("properties")), body.get("propertiesWithHistory") or []
    results, missing = [], []
    for entry in inputs:
        if (lead := find_input(face, entry) or find_merged(face, entry)) is None:
            missing.append(str(entry.get("id")))
        else:
            results.append(show_contact(face, lead, names=names, with_history=history))
    shown = {**frame(started, face.now()), "results": results}
    if not missing:
        return respond(shown)
    errors = [missing_objects(missing).show(trace_id=None)]
    return respond(shown | {"numErrors": len(errors), "errors": errors}, status=207)


def find_merged(face: "HubSpot", entry: Input) -> Lead | None:
    """Return the contact that survives the merge of the one that `entry` names."""
    text = str(entry.get("id"))
    survivor = face.world.ma.find_survivor(int(text)) if text.isdecimal() else None
    return None if survivor is None or survivor.absence else survivor


def frame(started: datetime, completed: datetime) -> dict[str, Any]:
    """Return what every batch answer has."""
    return {
        "status": "COMPLETE",
        "startedAt": write_stamp(started),
        "completedAt": write_stamp(completed),
    }
