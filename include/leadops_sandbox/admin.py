"""The sandbox's own routes: totals, settings, faults. Only for callers on this machine."""

from itertools import islice
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import RefusedError, answer, page_limit, read_body
from leadops_sandbox.crm.routes import catch_up
from leadops_sandbox.faults.rules import ActiveFault, FaultRule, Faults
from leadops_sandbox.products.face import Face, read_settings_error
from leadops_sandbox.settings import Behaviour, BehaviourChange
from leadops_sandbox.world import World

Model = TypeVar("Model", bound=BaseModel)


class FaultRules(BaseModel):
    """Several faults at once."""

    faults: list[FaultRule]


def routes(world: World, faults: Faults, face: Face[Any] | None = None) -> list[Route]:
    """Return the admin's routes over `world`, `faults` and the product that is served."""

    async def state(_: Request) -> Response:
        catch_up(world)
        return answer(count_state(world))

    async def applied(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise RefusedError(422, "after must be a cursor of an earlier page")
        limit = page_limit(request, default=10_000, most=100_000)
        items = list_applied(world, after=int(after), limit=limit)
        return answer({"items": items, "cursor": str(items[-1]["number"]) if items else after})

    async def enrolments(request: Request) -> Response:
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise RefusedError(422, "after must be a cursor of an earlier page")
        limit = page_limit(request, default=10_000, most=100_000)
        items = list_enrolments(world, after=int(after), limit=limit)
        return answer({"items": items, "cursor": str(items[-1]["number"]) if items else after})

    async def show_settings(_: Request) -> Response:
        return answer(world.behaviour.model_dump(mode="json"))

    async def change_settings(request: Request) -> Response:
        change = validate(BehaviourChange, await read_body(request))
        catch_up(world)
        behaviour = change.apply(world.behaviour, now=world.clock(), product=face.name if face else None)
        check_product(face, change, behaviour)
        world.effect("settings", behaviour=behaviour.model_dump(mode="json"))
        return answer(world.behaviour.model_dump(mode="json"))

    async def list_faults(_: Request) -> Response:
        return answer({"faults": [show_fault(fault) for fault in faults.active]})

    async def add_faults(request: Request) -> Response:
        raw = await read_body(request)
        many = b'"faults"' in raw
        rules = validate(FaultRules, raw).faults if many else [validate(FaultRule, raw)]
        for rule in rules:
            if (why := faults.explain_unknown(rule)) is not None:
                raise RefusedError(422, why)
        return answer({"faults": [show_fault(faults.add(rule)) for rule in rules]}, status=201)

    async def clear_faults(_: Request) -> Response:
        faults.active.clear()
        return answer({"faults": []})

    return [
        Route("/_state", state, methods=["GET"]),
        Route("/_state/ma/applied", applied, methods=["GET"]),
        Route("/_state/ma/enrolments", enrolments, methods=["GET"]),
        Route("/_settings", show_settings, methods=["GET"]),
        Route("/_settings", change_settings, methods=["POST"]),
        Route("/_faults", list_faults, methods=["GET"]),
        Route("/_faults", add_faults, methods=["POST"]),
        Route("/_faults", clear_faults, methods=["DELETE"]),
    ]


def check_product(face: Face[Any] | None, change: BehaviourChange, behaviour: Behaviour) -> None:
    """Raise RefusedError 422 when the product that is served does not take the change of its settings."""
    if change.product is None:
        return
    if face is None:
        raise RefusedError(422, "product: no product is served; start the sandbox with --product")
    try:
        face.check_settings(behaviour.products[face.name])
    except ValidationError as error:
        raise RefusedError(422, read_settings_error(error)) from error
    for name in sorted(face.fixed & change.product.keys()):
        raise RefusedError(422, f"product.{name}: can be set in the table only")


def count_state(world: World) -> dict[str, Any]:
    """Return the totals of all stand-ins."""
    ma, crm, slack = world.ma, world.crm, world.slack
    return {
        "ma": {
            "leads": ma.live_leads,
            "deltas_applied": ma.deltas_applied,
            "deltas_rejected": ma.deltas_rejected,
            "duplicates_refused": ma.duplicates_refused,
            "sum_of_scores": ma.sum_of_scores,
            "last_applied_at": ma.last_applied_at,
            "enrolments": len(ma.enrolments),
        },
        "crm": {
            "leads": len(crm.leads),
            "activities": len(crm.activities),
            "reps": len(crm.reps),
            "last_activity_at": crm.activities[-1]["occurred_at"] if crm.activities else None,
        },
        "slack": {
            "channels": len(slack.channels),
            "messages": slack.posted,
            "edits": slack.edits,
            "files": len(slack.files),
        },
        "pagerduty": {"incidents": len(world.pagerduty.incidents), "events": world.pagerduty.events},
        "calls": dict(sorted(world.calls.items())),
        "faults": dict(sorted(world.faults_met.items())),
    }


def list_applied(world: World, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` applied deltas after number `after`, each with when the MA applied it (UTC)."""
    items: list[dict[str, Any]] = []
    after = max(after, world.ma.applied_before)  # what a short journal has only the sum of is not listed
    while len(items) < limit and (found := world.ma.applied_after(after + len(items))):
        number, place = found
        record = world.journal.read(place)
        single = record["kind"] == "ma.score"
        updates = [record["body"]] if single else record["body"]["updates"]
        results = [record["answer"]] if single else record["answer"]["results"]
        done = (u for u, r in zip(updates, results, strict=True) if r["status"] == "applied")
        skip = after + len(items) - number
        for offset, update in enumerate(islice(done, skip, skip + limit - len(items)), number + skip + 1):
            facts = {name: update[name] for name in ("deltaId", "leadId", "delta", "reason")}
            items.append({"number": offset, **facts, "applied_at": record["at"]})
    return items


def list_enrolments(world: World, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return up to `limit` enrolments of the MA after number `after`, in the order in which they came."""
    found = islice(enumerate(world.ma.enrolments, 1), after, after + limit)
    return [
        {
            "number": number,
            "enrolmentId": enrolment.id,
            "leadId": enrolment.name.lead_id,
            "program": enrolment.name.program,
            "step": enrolment.name.step,
            "cycle": enrolment.name.cycle,
            **enrolment.message,
            "enrolled_at": enrolment.at,
        }
        for number, enrolment in found
    ]


def show_fault(fault: ActiveFault) -> dict[str, Any]:
    """Return a fault in force with how often it was met."""
    return {"id": fault.id, **fault.rule.model_dump(), "met": fault.met, "used_up": fault.used_up}


def validate(model: type[Model], raw: bytes) -> Model:
    """Return `raw` as `model`; raise RefusedError 422 that names the first fault."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "body"
        raise RefusedError(422, f"{where}: {first['msg']}") from error
