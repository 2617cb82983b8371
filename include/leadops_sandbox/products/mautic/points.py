"""Mautic's points: added under a name, and read back from their log by that name."""

from datetime import UTC
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.products.face import has_manner, respond
from leadops_sandbox.products.feed import visible_at
from leadops_sandbox.products.mautic.bodies import NOT_FOUND, read_body_json, refuse_call
from leadops_sandbox.products.mautic.conditions import matches, read_where

if TYPE_CHECKING:
    from leadops_sandbox.products.mautic.face import Mautic

TABLE = "lead_points_change_log"


def routes(face: "Mautic") -> list[Route]:
    """Return the routes of points."""

    async def change(request: Request) -> Response:
        path, values = request.path_params, await read_body_json(request)
        if (lead := face.find_contact(path["contact_id"])) is None:
            raise refuse_call(404, NOT_FOUND)
        number = int(path["number"])
        before = face.read_points(lead)
        after, logged = apply_points(
            path["operator"], before, number, keeps_sign=not face.settings.minus_loses_sign
        )
        is_lost = has_manner(request, "points_lost")
        is_score = face.settings.score_field == "points"
        body = {"id": lead.id, "logged": logged, "name": str(values.get("eventName") or "API")}
        body |= {"points_after": before if is_lost else after}
        body |= {"score_after": body["points_after"] if is_score else lead.score}
        face.world.effect("ma.points", key=None, body=body)
        return respond({"success": 1})

    async def stats(request: Request) -> Response:
        if request.path_params["table"] != TABLE:
            return respond(
                {"availableTables": [TABLE], "tableColumns": {TABLE: ["lead_id", "event_name", "delta"]}}
            )
        query = request.query_params
        start, limit = int(query.get("start", "0")), int(query.get("limit", "100"))
        found = [row for row in list_log(face) if matches(row, read_where(dict(query)))]
        return respond({"total": len(found), "stats": found[start : start + limit]})

    return [
        Route("/api/contacts/{contact_id:int}/points/{operator}/{number}", change, methods=["POST"]),
        Route("/api/stats/{table}", stats, methods=["GET"]),
    ]


def apply_points(operator: str, before: float, number: int, *, keeps_sign: bool) -> tuple[float, int]:
    """Return the points after an operation, and what the log says of it; raise VendorError for another."""
    match operator:
        case "plus":
            return before + number, number
        case "minus":
            return before - number, -number if keeps_sign else number
        case "times":
            return before * number, number
        case "divide":
            return int(before / number), number
    raise refuse_call(404, NOT_FOUND)


def list_log(face: "Mautic") -> list[dict[str, Any]]:
    """Return the rows of the log that are there by now."""
    now, settings = face.now(), face.settings
    return [
        {
            "id": str(place),
            "lead_id": str(lead_id),
            "type": "api",
            "event_name": name,
            "action_name": "API",
            "delta": str(logged),
            "date_added": at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        }
        for place, (lead_id, logged, name, at) in enumerate(face.leads.people.points, 1)
        if visible_at(str(place), at, settings) <= now
    ]
