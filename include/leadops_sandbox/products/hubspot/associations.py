"""Which contact an engagement is about; HubSpot says it apart from the engagement."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.hubspot.batch import frame
from leadops_sandbox.products.hubspot.bodies import read_object
from leadops_sandbox.products.hubspot.engagements import KINDS, activity_number
from leadops_sandbox.products.hubspot.errors import refuse_call
from leadops_sandbox.products.leads import Activity

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot

#: HubSpot's own number for "this engagement is about this contact".
TYPE_IDS = {"calls": 194, "emails": 198, "meetings": 200, "tasks": 204}
#: One call carries at most this many ids.
MOST = 1_000


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes of associations."""

    async def read_batch(request: Request) -> Response:
        kind, inputs = request.path_params["kind"], (await read_object(face, request)).get("inputs")
        if kind not in KINDS or not isinstance(inputs, list) or len(inputs) > MOST:
            raise refuse_call(face, 400, f"inputs must be at most {MOST} ids of {', '.join(KINDS)}")
        started = face.now()
        activities = {activity.number: activity for activity in face.leads.activities()}
        results, missing = [], []
        for entry in inputs:
            text = str(entry.get("id"))
            activity = activities.get(activity_number(text) or 0)
            if activity is None or (contact := contact_of(activity)) is None:
                missing.append(text)
            else:
                results.append({"from": {"id": text}, "to": [show_link(kind, contact)]})
        body: dict[str, Any] = {**frame(started, face.now()), "results": results}
        if not missing:
            return respond(body)
        errors = [
            {
                "status": "error",
                "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                "message": f"No contact is associated with {kind} {text}.",
                "context": {"fromObjectId": [text]},
            }
            for text in missing
        ]
        return respond(body | {"numErrors": len(errors), "errors": errors}, status=207)

    def contact_of(activity: Activity) -> int | None:
        """Return the contact an activity is about; the survivor where it was merged."""
        survivor = face.world.ma.find_survivor(activity.lead_id) if activity.lead_id else None
        return None if survivor is None or survivor.absence else survivor.id

    dated = [f"/crm/associations/{version}" for version in face.settings.versions]
    return [
        Route(base + "/{kind}/contacts/batch/read", read_batch, methods=["POST"])
        for base in ("/crm/v4/associations", *dated)
    ]


def show_link(kind: str, contact: int) -> dict[str, Any]:
    """Return a link to a contact."""
    link = {"category": "HUBSPOT_DEFINED", "typeId": TYPE_IDS[kind], "label": None}
    return {"toObjectId": contact, "associationTypes": [link]}
