"""What of HubSpot is about mail: workflows, and who is opted out."""

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.hubspot.errors import refuse_call
from leadops_sandbox.products.hubspot.properties import write_stamp

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot, Workflow


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes of workflows and of subscriptions."""

    async def get_flow(request: Request) -> Response:
        flow_id = request.path_params["flow_id"]
        if (flow := face.settings.workflows.get(flow_id)) is None:
            raise refuse_call(face, 404, "Object not found", category="OBJECT_NOT_FOUND")
        return respond(show_flow(face, flow_id, flow))

    async def opt_out(request: Request) -> Response:
        """Opt an address out of all mail; HubSpot knows no way back but the person's own."""
        if request.query_params.get("channel") != "EMAIL":
            raise refuse_call(face, 400, "channel is required and must be EMAIL")
        email = request.path_params["email"].lower()
        for lead in face.leads.find_unique("email", email):
            face.leads.consent(lead.id, may_mail=False)
        now = write_stamp(face.now())
        status = {"channel": "EMAIL", "status": "UNSUBSCRIBED", "subscriberIdString": email, "timestamp": now}
        return respond({"status": "COMPLETE", "startedAt": now, "completedAt": now, "results": [status]})

    path = "/communication-preferences/{version}/statuses/{email}/unsubscribe-all"
    return [
        Route("/automation/v4/flows/{flow_id}", get_flow, methods=["GET"]),
        *(
            Route(path.replace("{version}", version), opt_out, methods=["POST"])
            for version in ("v4", *face.settings.versions)
        ),
    ]


def show_flow(face: "HubSpot", flow_id: str, flow: "Workflow") -> dict[str, Any]:
    """Return a workflow with what it begins by."""
    operation = {"operator": "STARTS_WITH", "value": flow.begins_with, "operationType": "STRING"}
    filters = [{"filterType": "PROPERTY", "property": face.settings.enrolment_field, "operation": operation}]
    branch = {"filterBranchType": "AND", "filterBranches": [], "filters": filters}
    return {
        "type": "CONTACT_FLOW",
        "id": flow_id,
        "isEnabled": flow.enabled,
        "flowType": "WORKFLOW",
        "objectTypeId": "0-1",
        "enrollmentCriteria": {
            "type": "LIST_BASED",
            "shouldReEnroll": flow.again,
            "listFilterBranch": {"filterBranchType": "OR", "filterBranches": [branch], "filters": []},
        },
        "actions": [],
    }
