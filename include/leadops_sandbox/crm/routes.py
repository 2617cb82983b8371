"""The CRM's HTTP routes, and the admin's way to script what salespeople did."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import (
    RefusedError,
    answer,
    need_flag,
    need_text,
    page_limit,
    parse_object,
    read_body,
)
from leadops_sandbox.crm.feed import list_by_time
from leadops_sandbox.world import World

KINDS = ("call", "mail", "meeting", "task", "status", "opt_out", "opt_in")


def routes(world: World) -> list[Route]:
    """Return the CRM's routes over `world`."""
    store = world.crm

    async def create_lead(request: Request) -> Response:
        body = parse_object(await read_body(request))
        key = need_text(body, "idempotency_key")
        need_text(body, "email")
        if body.get("owner_id") is not None and body["owner_id"] not in store.reps:
            raise RefusedError(422, "owner_id is not a salesperson of this CRM")
        if before := store.by_key.get(key):
            if before[1] != body:
                raise RefusedError(409, "this idempotency_key was used with another body; take a new key")
            return answer({"id": before[0]})
        catch_up(world)
        lead_id = f"L-{1_001 + len(store.leads)}"
        how = world.behaviour
        sales = {"seed": how.sales_seed, "speed": how.sales_speed, "late_share": how.sales_late_share}
        world.effect("crm.lead", id=lead_id, body=body, sales=sales if how.sales_work else None)
        return answer({"id": lead_id}, status=201)

    async def change_lead(request: Request) -> Response:
        body = parse_object(await read_body(request))
        lead_id = request.path_params["lead_id"]
        find_lead(lead_id)
        if body.get("owner_id") is not None and body["owner_id"] not in store.reps:
            raise RefusedError(422, "owner_id is not a salesperson of this CRM")
        catch_up(world)
        world.effect("crm.patch", id=lead_id, body=body)
        return answer({"id": lead_id})

    async def note_consent(request: Request) -> Response:
        body = parse_object(await read_body(request))
        lead_id = request.path_params["lead_id"]
        find_lead(lead_id)
        catch_up(world)
        world.effect("crm.consent", id=lead_id, body=body | {"may_mail": need_flag(body, "may_mail")})
        return answer({"id": lead_id})

    async def list_leads(request: Request) -> Response:
        limit = page_limit(request, default=100, most=1_000)
        after = request.query_params.get("after") or "0"
        if not after.isdecimal():
            raise RefusedError(422, "after must be a cursor of an earlier page")
        page = list(store.leads.values())[int(after) : int(after) + limit]
        items = [
            {
                "id": lead.id,
                "email": lead.facts.get("email"),
                "idempotency_key": store.key_of.get(lead.id),
                "owner_id": lead.owner_id,
                "status": lead.status,
                **({} if lead.may_mail is None else {"may_mail": lead.may_mail}),
            }
            for lead in page
        ]
        end = int(after) + len(page)
        return answer({"items": items, "cursor": str(end) if end < len(store.leads) else None})

    async def erase_lead(request: Request) -> Response:
        lead_id = request.path_params["lead_id"]
        find_lead(lead_id)
        catch_up(world)
        world.effect("crm.erased", id=lead_id)
        return answer({"id": lead_id})

    def find_lead(lead_id: str) -> None:
        lead = store.leads.get(lead_id)
        if lead is None or lead.status == "erased":
            raise RefusedError(404, "no lead has this id")

    async def list_activities(request: Request) -> Response:
        catch_up(world)
        as_of = world.behaviour.crm_feed_stands_since or world.clock()
        if world.behaviour.crm_feed_by_time:
            fault = request.scope.get("product_fault")
            after, limit = request.query_params.get("after"), page_limit(request, default=100, most=1_000)
            rule = fault.rule if fault else None
            return answer(list_by_time(store, after=after, limit=limit, now=as_of, rule=rule))
        after = request.query_params.get("after") or "0"
        if not after.isdecimal() or int(after) > len(store.activities):
            raise RefusedError(422, "after must be a cursor of an earlier page")
        end = min(int(after) + page_limit(request, default=100, most=1_000), len(store.activities))
        while end > int(after) and store.entered_at[end - 1] > as_of:
            end -= 1
        items = store.activities[int(after) : end]
        return answer({"items": items, "cursor": str(max(int(after), end)), "as_of": as_of.isoformat()})

    async def list_reps(_: Request) -> Response:
        catch_up(world)
        counts = store.open_leads()
        items = [rep | {"open_leads": counts[rep["id"]]} for rep in store.reps.values()]
        return answer({"items": items})

    async def add_activity(request: Request) -> Response:
        body = parse_object(await read_body(request))
        catch_up(world)
        activity = check_activity(body, number=len(store.activities) + 1, now=world.clock())
        world.effect("crm.activity", activity=activity)
        return answer(activity, status=201)

    async def delete_activity(request: Request) -> Response:
        activity_id = request.path_params["activity_id"]
        known = [found for found in store.activities if found["id"] == activity_id]
        if not known:
            raise RefusedError(404, "no activity has this id")
        gone = {"id": activity_id, "lead_id": known[-1]["lead_id"], "deleted": True}
        world.effect("crm.activity", activity=gone | {"kind": "deleted"})
        return answer(gone)

    async def merge_lead(request: Request) -> Response:
        into = need_text(parse_object(await read_body(request)), "into")
        lead_id = request.path_params["lead_id"]
        merged = {"id": f"M-{lead_id}", "lead_id": lead_id, "kind": "merged", "into": into}
        world.effect("crm.activity", activity=merged)
        return answer(merged)

    async def set_reps(request: Request) -> Response:
        reps = parse_object(await read_body(request)).get("items")
        if not isinstance(reps, list) or not all(isinstance(r, dict) and r.get("id") for r in reps):
            raise RefusedError(422, "items must be a list of salespeople, each with an id")
        world.effect("crm.reps", reps=reps)
        return answer({"items": reps})

    return [
        Route("/v1/leads", create_lead, methods=["POST"]),
        Route("/v1/leads", list_leads, methods=["GET"]),
        Route("/v1/leads/{lead_id}", change_lead, methods=["PATCH"]),
        Route("/v1/leads/{lead_id}", erase_lead, methods=["DELETE"]),
        Route("/v1/leads/{lead_id}/consent", note_consent, methods=["PUT"]),
        Route("/v1/activities", list_activities, methods=["GET"]),
        Route("/v1/reps", list_reps, methods=["GET"]),
        Route("/_crm/activities", add_activity, methods=["POST"]),
        Route("/_crm/activities/{activity_id}", delete_activity, methods=["DELETE"]),
        Route("/_crm/leads/{lead_id}/merge", merge_lead, methods=["POST"]),
        Route("/_crm/reps", set_reps, methods=["PUT"]),
    ]


def catch_up(world: World) -> None:
    """Let the salespeople do what they would have done by now; nobody has to wake up for it before."""
    now = world.clock()
    while due := world.crm.take_due(now):
        due_at, activity = due
        owner = world.crm.leads[activity["lead_id"]].owner_id
        world.effect("crm.activity", at=due_at, activity=activity | {"rep_id": owner or activity["rep_id"]})


def check_activity(body: dict[str, Any], *, number: int, now: datetime) -> dict[str, Any]:
    """Return a scripted activity with its gaps filled in; raise RefusedError 422 when it is wrong."""
    if body.get("kind") not in KINDS:
        raise RefusedError(422, f"kind must be one of {', '.join(KINDS)}")
    if body["kind"] == "status":
        need_text(body, "status")
    return {
        "id": f"A-{number}",
        "lead_id": need_text(body, "lead_id"),
        "rep_id": body.get("rep_id"),
        "occurred_at": body.get("occurred_at") or now.isoformat(),
        "kind": body["kind"],
        **({"status": body["status"]} if body.get("status") else {}),
        "details": body.get("details") or {},
    }
