"""What of Mautic is about mail: segments, and who must not be contacted."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.ma.store import Lead
from leadops_sandbox.products.face import respond
from leadops_sandbox.products.mautic.bodies import NOT_FOUND, read_body_json, refuse_call
from leadops_sandbox.products.mautic.contacts import show_contact

if TYPE_CHECKING:
    from leadops_sandbox.products.mautic.face import Mautic, Segment


def routes(face: "Mautic") -> list[Route]:
    """Return the routes of segments and of Do Not Contact."""

    async def get_segment(request: Request) -> Response:
        number = request.path_params["segment_id"]
        if (segment := face.settings.segments.get(number)) is None:
            raise refuse_call(404, NOT_FOUND)
        return respond({"list": show_segment(face, number, segment)})

    async def add(request: Request) -> Response:
        lead, values = find(request), await read_body_json(request)
        if not values.get("reason", 3):
            raise refuse_call(400, "Invalid reason code given")
        face.leads.consent(lead.id, may_mail=False)
        return respond({"contact": show_contact(face, lead)})

    async def remove(request: Request) -> Response:
        lead = find(request)
        face.leads.consent(lead.id, may_mail=True)
        return respond({"recordFound": True, "contact": show_contact(face, lead)})

    def find(request: Request) -> Lead:
        if (lead := face.find_contact(request.path_params["contact_id"])) is None:
            raise refuse_call(404, NOT_FOUND)
        return lead

    dnc = "/api/contacts/{contact_id:int}/dnc/email"
    return [
        Route("/api/segments/{segment_id}", get_segment, methods=["GET"]),
        Route(dnc + "/add", add, methods=["POST"]),
        Route(dnc + "/remove", remove, methods=["POST"]),
    ]


def show_segment(face: "Mautic", number: str, segment: "Segment") -> dict[str, Any]:
    """Return a segment with its filter."""
    field_filter = {
        "glue": "and",
        "field": face.settings.enrolment_field,
        "object": "lead",
        "type": "text",
        "operator": "startsWith",
        "properties": {"filter": segment.begins_with},
    }
    return {
        "id": int(number),
        "name": f"Segment {number}",
        "alias": f"segment-{number}",
        "isPublished": segment.published,
        "filters": [field_filter],
    }
