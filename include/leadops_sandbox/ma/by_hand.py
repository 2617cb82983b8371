"""What a person does to leads in the MA by hand: deletes, merges and restores them."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import RefusedError, answer, parse_object, read_body
from leadops_sandbox.ma.store import Lead
from leadops_sandbox.world import World


def routes(world: World) -> list[Route]:
    """Return the admin's routes over the MA's leads in `world`."""
    store = world.ma

    async def delete(request: Request) -> Response:
        return record("ma.deleted", {"id": find_live(request.path_params["lead_id"]).id})

    async def merge(request: Request) -> Response:
        """`into`: who survives; `score`: sum or keep; `keeps_email`: whether it gets the address too."""
        body = parse_object(await read_body(request))
        loser, survivor = find_live(request.path_params["lead_id"]), find_live(body.get("into"))
        if loser is survivor or body.get("score", "sum") not in ("sum", "keep"):
            raise RefusedError(422, "into must be another lead, and score sum or keep")
        score_after = survivor.score + (loser.score if body.get("score", "sum") == "sum" else 0)
        facts = {"id": loser.id, "into": survivor.id, "score_after": score_after}
        return record("ma.merged", facts | {"keeps_email": bool(body.get("keeps_email", True))})

    async def restore(request: Request) -> Response:
        lead = find(request.path_params["lead_id"])
        if not lead.absence:
            raise RefusedError(422, "this lead is not gone")
        return record("ma.restored", {"id": lead.id})

    def find(lead_id: object) -> Lead:
        is_number = isinstance(lead_id, int) or (isinstance(lead_id, str) and lead_id.isdecimal())
        lead = store.leads.get(int(str(lead_id))) if is_number else None
        if lead is None:
            raise RefusedError(404, "no lead ever had this id")
        return lead

    def find_live(lead_id: object) -> Lead:
        lead = find(lead_id)
        if lead.absence:
            raise RefusedError(422, f"lead {lead.id} is gone already")
        return lead

    def record(kind: str, body: dict[str, Any]) -> Response:
        world.effect(kind, key=None, body=body, answer=body)
        return answer(body)

    return [
        Route("/_ma/leads/{lead_id}/delete", delete, methods=["POST"]),
        Route("/_ma/leads/{lead_id}/merge", merge, methods=["POST"]),
        Route("/_ma/leads/{lead_id}/restore", restore, methods=["POST"]),
    ]
