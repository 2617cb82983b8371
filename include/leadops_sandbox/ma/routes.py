"""The MA's HTTP routes."""

import hashlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
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
from leadops_sandbox.ma.scores import Result, Update, check_updates, judge_updates
from leadops_sandbox.ma.store import EnrolmentName, Lead, MaStore
from leadops_sandbox.settings import AbsenceManner
from leadops_sandbox.world import World

Work = Callable[[Request, dict[str, Any]], tuple[str, dict[str, Any]]]


def routes(world: World) -> list[Route]:
    """Return the MA's routes over `world`."""
    store = world.ma

    def update_scores(request: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        updates = check_updates(body.get("updates"))
        return "ma.scores", {"results": judge(request, updates)}

    def update_score(request: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        updates = check_updates([body])
        if world.behaviour.ma_absence != "bare":
            find_lead(updates[0]["leadId"])
        return "ma.score", judge(request, updates)[0]

    def judge(request: Request, updates: list[Update]) -> list[Result]:
        return judge_updates(
            store,
            updates,
            reject=request.scope.get("reject"),
            repeat=request.scope.get("repeat"),
            manner=world.behaviour.ma_absence,
        )

    def upsert_lead(_: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        email = need_text(body, "email").strip().lower()
        if email.count("@") != 1:
            raise RefusedError(422, "email must be an address")
        return "ma.lead", {"leadId": store.by_email.get(email) or store.next_id()}

    def change_fields(request: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        lead = find_lead(request.path_params["lead_id"])
        if not isinstance(body.get("fields"), dict):
            raise RefusedError(422, "fields must be an object")
        return "ma.fields", show_lead(lead) | {"fields": lead.fields | body["fields"]}

    def erase_lead(request: Request, _: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "ma.erased", {"id": find_lead(request.path_params["lead_id"]).id}

    def note_consent(request: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        lead = find_lead(request.path_params["lead_id"])
        return "ma.consent", {"id": lead.id, "may_mail": need_flag(body, "may_mail")}

    def enrol(request: Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        program, step = request.path_params["program"], need_text(body, "step")
        find_program(program, step)
        lead = find_lead(body.get("leadId"))
        cycle = body.get("cycle", 1)
        if type(cycle) is not int or cycle < 1:
            raise RefusedError(422, "cycle must be a whole number from 1 on")
        wanted = EnrolmentName(lead.id, program, step, cycle)
        before = store.enrolment_keys.get(need_text(body, "idempotencyKey"))
        if before and before.name != wanted:
            raise RefusedError(409, "this idempotencyKey was used for another enrolment; take a new key")
        if before := before or store.enrolled.get(wanted):
            return "", {"enrolmentId": before.id, "program": program, "status": "duplicate"}
        made = {"enrolmentId": f"{program}-{len(store.enrolments) + 1}", "program": program}
        return "ma.enrolment", made | {"status": "enrolled", "leadId": lead.id, "cycle": cycle}

    async def get_program(request: Request) -> Response:
        program = request.path_params["program"]
        find_program(program)
        steps = world.behaviour.ma_programs.get(program)
        return answer({"program": program} | ({} if steps is None else {"steps": steps}))

    def find_program(program: str, step: str | None = None) -> None:
        programs = world.behaviour.ma_programs
        if programs and program not in programs:
            raise RefusedError(404, "no program has this name", code="program_not_found")
        if programs and step is not None and step not in programs[program]:
            raise RefusedError(404, "the program has no step of this name", code="step_not_found")

    async def get_lead(request: Request) -> Response:
        return answer(show_lead(find_lead(request.path_params["lead_id"])))

    async def list_leads(request: Request) -> Response:
        limit = page_limit(request, default=100, most=1_000)
        after = request.query_params.get("after") or "0"
        if not after.isdecimal():
            raise RefusedError(422, "after must be a cursor of an earlier page")
        found = store.leads_after(int(after), limit + 1)
        cursor = str(found[limit - 1].id) if len(found) > limit else None
        return answer({"items": [show_lead(lead) for lead in found[:limit]], "cursor": cursor})

    def find_lead(lead_id: object) -> Lead:
        if isinstance(lead_id, str) and not lead_id.isdecimal():
            raise RefusedError(422, "leadId must be a number")
        lead = store.leads.get(int(lead_id)) if isinstance(lead_id, (str, int)) else None
        if lead is None or lead.absence:
            lead = check_absence(store, lead, manner=world.behaviour.ma_absence)
        return lead

    def change(work: Work) -> Callable[[Request], Awaitable[Response]]:
        return partial(change_once, world=world, work=work)

    return [
        Route("/api/bulk/update_scores", change(update_scores), methods=["POST"]),
        Route("/api/lead/score", change(update_score), methods=["POST"]),
        Route("/api/leads", change(upsert_lead), methods=["POST"]),
        Route("/api/leads", list_leads, methods=["GET"]),
        Route("/api/leads/{lead_id}", get_lead, methods=["GET"]),
        Route("/api/leads/{lead_id}", change(change_fields), methods=["PATCH"]),
        Route("/api/leads/{lead_id}", change(erase_lead), methods=["DELETE"]),
        Route("/api/leads/{lead_id}/consent", change(note_consent), methods=["PUT"]),
        Route("/api/programs/{program}/enrolments", change(enrol), methods=["POST"]),
        Route("/api/programs/{program}", get_program, methods=["GET"]),
    ]


def check_absence(store: MaStore, lead: Lead | None, *, manner: AbsenceManner) -> Lead:
    """Return the lead that answers in place of one that is gone; RefusedError 404 or 410 if none does."""
    if manner == "bare":
        raise RefusedError(404, "no lead has this id")
    if lead is None:
        raise RefusedError(404, "no lead has this id", code="lead_not_found")
    if lead.absence == "merged":
        survivor = store.find_survivor(lead.id)
        if manner == "redirect" and survivor is not None and not survivor.absence:
            return survivor
        raise RefusedError(
            410, "this lead was merged into another", code="lead_merged", mergedInto=lead.merged_into
        )
    raise RefusedError(410, "this lead was deleted", code="lead_deleted")


def show_lead(lead: Lead) -> dict[str, Any]:
    """Return a lead as the MA shows it; `may_mail` only where somebody said it."""
    shown = {"id": lead.id, "email": lead.email, "score": lead.score, "fields": lead.fields}
    return shown if lead.may_mail is None else shown | {"may_mail": lead.may_mail}


async def change_once(request: Request, *, world: World, work: Work) -> Response:
    """Answer a call that changes something; under the same Idempotency-Key only once, with the same bytes.

    Raises RefusedError 409 when the key came before with another method, path or body.
    """
    raw = await read_body(request)
    now = world.clock()
    world.ma.forget(now=now, seconds=world.behaviour.ma_remember_seconds)
    key = request.headers.get("idempotency-key") or None
    asked = f"{request.method} {request.url.path}\n".encode() + raw
    digest = hashlib.sha256(asked).hexdigest() if key else None
    if key and (before := world.ma.answered.get(key)):
        if before.digest != digest:
            raise RefusedError(409, "this Idempotency-Key was used with another body; take a new key")
        return answer(world.journal.read(before.place)["answer"])
    body = parse_object(raw)
    kind, result = work(request, body)
    content = orjson.dumps(result)
    if kind:
        world.effect(kind, at=now, key=key, digest=digest, body=body, answer=result)
    return answer(content)
