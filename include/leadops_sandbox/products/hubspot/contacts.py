"""HubSpot's routes for one contact, and its list of all."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import respond
from leadops_sandbox.products.hubspot.bodies import query_names, read_names, read_object
from leadops_sandbox.products.hubspot.errors import RowError, refuse_call
from leadops_sandbox.products.hubspot.plans import (
    check_conflict,
    check_id_property,
    find_input,
    find_merged,
    plan_create,
    plan_update,
    write_plans,
)
from leadops_sandbox.products.hubspot.properties import show_contact

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes of single contacts."""

    async def create(request: Request) -> Response:
        entry = await read_object(face, request)
        check_conflict(face, entry)
        return write_one(entry, plan_create, status=201)

    async def change(request: Request) -> Response:
        entry = name_input(request) | await read_object(face, request)
        check_id_property(face, [entry])
        if find_input(face, entry) is None:
            raise missing()
        return write_one(entry, plan_update)

    async def get(request: Request) -> Response:
        entry = name_input(request)
        check_id_property(face, [entry])
        lead = find_input(face, entry) or find_merged(face, entry)
        if lead is None:
            raise missing()
        return respond(show(request, lead))

    async def archive(request: Request) -> Response:
        if (lead := face.leads.find(request.path_params["contact_id"])) is not None:
            face.leads.delete(lead.id)
        return respond(None, status=204)

    async def erase(request: Request) -> Response:
        body = await read_object(face, request)
        entry = {"id": body.get("objectId"), "idProperty": body.get("idProperty")}
        if (lead := find_input(face, entry)) is None:
            raise missing()
        face.leads.delete(lead.id, erase=True)
        return respond(None, status=204)

    async def list_all(request: Request) -> Response:
        query = request.query_params
        limit = read_limit(face, query.get("limit"), default=10, most=100)
        after = int(query["after"]) if query.get("after", "").isdecimal() else 0
        leads = [lead for lead in face.leads.live() if lead.id >= after][: limit + 1]
        body: dict[str, Any] = {"results": [show(request, lead) for lead in leads[:limit]]}
        if len(leads) > limit:
            body["paging"] = {"next": {"after": str(leads[limit].id)}}
        return respond(body)

    def show(request: Request, lead: Lead) -> dict[str, Any]:
        names = read_names(query_names(request, "properties"))
        history = query_names(request, "propertiesWithHistory")
        return show_contact(face, lead, names=names, with_history=history)

    def write_one(entry: dict[str, Any], plan: Any, *, status: int = 200) -> Response:
        try:
            written = write_plans(face, [(entry, plan(face, entry))])
        except RowError as error:
            raise error.refuse(face) from error
        names = list(entry.get("properties") or {})
        return respond(show_contact(face, written[0][1], names=names), status=status)

    def missing() -> Exception:
        return refuse_call(face, 404, "resource not found", category="OBJECT_NOT_FOUND")

    one, every = face.object_paths("contacts", "/{contact_id}"), face.object_paths("contacts")
    return [
        *(Route(path, erase, methods=["POST"]) for path in face.object_paths("contacts", "/gdpr-delete")),
        *(Route(path, create, methods=["POST"]) for path in every),
        *(Route(path, list_all, methods=["GET"]) for path in every),
        *(Route(path, get, methods=["GET"]) for path in one),
        *(Route(path, change, methods=["PATCH"]) for path in one),
        *(Route(path, archive, methods=["DELETE"]) for path in one),
    ]


def name_input(request: Request) -> dict[str, Any]:
    """Return how a call names its contact."""
    name = request.query_params.get("idProperty")
    return {"id": request.path_params["contact_id"], "idProperty": name}


def read_limit(face: "HubSpot", text: str | None, *, default: int, most: int) -> int:
    """Return how many rows a page shall have; raise VendorError 400 outside 1..`most`."""
    if text is None:
        return default
    if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise refuse_call(face, 400, f"limit must be between 1 and {most}")
    return int(text)
