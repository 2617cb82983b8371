"""What HubSpot says about itself: owners, properties, the account and what is left of the day's calls."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import respond
from leadops_sandbox.products.hubspot.contacts import read_limit
from leadops_sandbox.products.hubspot.errors import refuse_call
from leadops_sandbox.products.hubspot.properties import write_stamp
from leadops_sandbox.products.leads import Rep, list_reps
from leadops_sandbox.products.table import FieldDef

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot

#: HubSpot's words for the types of properties.
TYPES = {"owner": "enumeration", "boolean": "bool"}
#: Every owner and property is as old as the account.
BORN = "2024-01-01T00:00:00.000Z"


def routes(face: "HubSpot") -> list[Route]:
    """Return the routes about the account."""

    async def list_owners(request: Request) -> Response:
        query = request.query_params
        limit = read_limit(face, query.get("limit"), default=100, most=500)
        after = int(query["after"]) if query.get("after", "").isdecimal() else 0
        reps = [rep for rep in list_reps(face.world) if query.get("email") in (None, rep.email)]
        if query.get("archived") == "true":
            reps = []
        page = reps[after : after + limit]
        body: dict[str, Any] = {"results": [show_owner(rep) for rep in page]}
        if after + limit < len(reps):
            body["paging"] = {"next": {"after": str(after + limit)}}
        return respond(body)

    async def get_owner(request: Request) -> Response:
        for rep in list_reps(face.world):
            if str(rep.number) == request.path_params["owner_id"]:
                return respond(show_owner(rep))
        raise refuse_call(face, 404, "Owner not found", category="OBJECT_NOT_FOUND")

    async def list_properties(_: Request) -> Response:
        fields = face.settings.fields
        return respond({"results": [show_property(name, known) for name, known in fields.items()]})

    async def get_property(request: Request) -> Response:
        name = request.path_params["name"]
        if (known := face.settings.fields.get(name)) is None:
            raise refuse_call(face, 404, f"Property {name} does not exist", category="OBJECT_NOT_FOUND")
        return respond(show_property(name, known))

    async def account(_: Request) -> Response:
        zone = face.settings.zone
        return respond(
            {
                "portalId": face.settings.portal_id,
                "accountType": "STANDARD",
                "timeZone": zone,
                "companyCurrency": "JPY",
                "utcOffset": face.now().astimezone(ZoneInfo(zone)).strftime("%z"),
                "uiDomain": "app.hubspot.com",
                "dataHostingLocation": "na1",
            }
        )

    async def usage(_: Request) -> Response:
        settings, now = face.settings, face.now()
        entry = {
            "name": "leadops",
            "usageLimit": settings.day_limit,
            "currentUsage": face.day.look(now, settings.zone),
            "collectedAt": write_stamp(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": write_stamp(next_midnight(now, settings.zone)),
        }
        return respond({"results": [entry]})

    owners = ["/crm/v3/owners", *(f"/crm/owners/{version}" for version in face.settings.versions)]
    properties = ["/crm/v3/properties", *(f"/crm/properties/{v}" for v in face.settings.versions)]
    return [
        *(Route(path + end, list_owners, methods=["GET"]) for path in owners for end in ("", "/")),
        *(Route(path + "/{owner_id}", get_owner, methods=["GET"]) for path in owners),
        *(Route(path + "/contacts", list_properties, methods=["GET"]) for path in properties),
        *(Route(path + "/contacts/{name}", get_property, methods=["GET"]) for path in properties),
        Route("/account-info/v3/details", account, methods=["GET"]),
        Route("/account-info/v3/api-usage/daily/private-apps", usage, methods=["GET"]),
    ]


def show_owner(rep: Rep) -> dict[str, Any]:
    """Return a salesperson as an owner: no region, no capacity, no hours."""
    return {
        "id": str(rep.number),
        "email": rep.email,
        "type": "PERSON",
        "firstName": rep.first_name,
        "lastName": rep.last_name,
        "userId": rep.number + 1,
        "userIdIncludingInactive": rep.number + 1,
        "createdAt": BORN,
        "updatedAt": BORN,
        "archived": False,
        "teams": [],
    }


def show_property(name: str, known: FieldDef) -> dict[str, Any]:
    """Return what HubSpot says about a property."""
    return {
        "name": name,
        "label": name,
        "type": TYPES.get(known.type, known.type),
        "fieldType": "number" if known.type == "number" else "text",
        "description": "",
        "groupName": "contactinformation",
        "options": [
            {"label": word, "value": word, "displayOrder": place, "hidden": False}
            for place, word in enumerate(known.options)
        ],
        "hasUniqueValue": known.unique,
        "calculated": known.read_only,
        "hidden": False,
        "createdAt": BORN,
        "updatedAt": BORN,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": known.read_only,
            "readOnlyValue": known.read_only,
        },
    }


def next_midnight(now: datetime, zone: str) -> datetime:
    """Return when the account's next day begins."""
    local = now.astimezone(ZoneInfo(zone)) + timedelta(days=1)
    return local.replace(hour=0, minute=0, second=0, microsecond=0)
