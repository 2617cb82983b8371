"""HubSpot's batches of contacts: update, upsert, create, read, archive."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import has_manner, respond, strikes_row
from leadops_sandbox.products.hubspot.bodies import read_inputs, read_names, read_object
from leadops_sandbox.products.hubspot.errors import RowError, missing_objects, refuse_call
from leadops_sandbox.products.hubspot.plans import (
    Input,
    Plan,
    check_conflict,
    check_id_property,
    find_input,
    find_merged,
    plan_create,
    plan_update,
    plan_upsert,
    write_plans,
)
from leadops_sandbox.products.hubspot.properties import (
    show_contact,
    write_stamp,
)

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot


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


def frame(started: datetime, completed: datetime) -> dict[str, Any]:
    """Return what every batch answer has."""
    return {
        "status": "COMPLETE",
        "startedAt": write_stamp(started),
        "completedAt": write_stamp(completed),
    }
