"""GET /healthz and /readyz: can the gateway take events, and which part of it cannot do its work."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from leadops.delivery.outbox_worker import OutboxWorkers
from leadops.gateway.gateway_state import gateway_of
from leadops.gateway.openapi import describe_answer, describe_problems
from leadops.gateway.problems import ProblemError
from leadops.gateway.store_probe import StoreState

router = APIRouter()


@dataclass(frozen=True)
class PartState:
    """Whether a part does its work, and why not."""

    ready: bool
    reason: str = ""


@router.head("/healthz", include_in_schema=False)
@router.get(
    "/healthz",
    response_class=Response,
    responses=describe_answer(
        200,
        "It takes events and forms",
        "application/json",
        {
            "status": {"const": "ok"},
            "delivery": {"type": "object"},
            "refused_settings": {"type": "array", "items": {"type": "string"}},
            "checks": {
                "type": "object",
                "properties": {
                    "last_at": {"type": ["string", "null"], "format": "date-time"},
                    "age_seconds": {"type": ["number", "null"]},
                },
            },
        },
    )
    | describe_problems(503),
)
async def healthz(request: Request) -> Response:
    """Try to store an event; 503 with the reason if the database cannot take it, or not in time.

    A good answer is kept for `health_cache_seconds`. `delivery` gives the state of each target's outbox
    workers: on, waiting (for the database) or off; `refused_settings` the broken settings files in whose
    place the former settings are in force. `checks` says when check_alerts last succeeded, which it cannot
    report itself; null: never. They change no status, because events are stored without them.
    """
    gateway = gateway_of(request)
    state = await gateway.probe.find_state()
    if state.reason:
        raise ProblemError(503, state.reason, {"Retry-After": str(gateway.settings.retry_after_seconds)})
    last_at = state.last_check_at
    age = None if last_at is None else max(0.0, (gateway.clock() - last_at).total_seconds())
    document = {
        "status": "ok",
        "delivery": _workers_of(request).states(),
        "refused_settings": _refused_settings(request),
        "checks": {
            "last_at": last_at and last_at.isoformat(),
            "age_seconds": None if age is None else round(age, 1),
        },
    }
    return Response(json.dumps(document), media_type="application/json")


_PART = {
    "type": "object",
    "required": ["ready", "reason"],
    "properties": {"ready": {"type": "boolean"}, "reason": {"type": "string"}},
}
_READY_FIELDS = {
    "status": {"enum": ["ready", "not ready"]},
    "parts": {"type": "object", "additionalProperties": _PART},
}


@router.head("/readyz", include_in_schema=False)
@router.get(
    "/readyz",
    response_class=Response,
    responses=describe_answer(200, "Every part works", "application/json", _READY_FIELDS)
    | describe_answer(503, "A part does not work", "application/json", _READY_FIELDS),
)
async def readyz(request: Request) -> Response:
    """Say of each part whether it works: database, settings, and the delivery to each target.

    503 if one does not. Events may be taken all the same: a load balancer asks /healthz.
    """
    gateway = gateway_of(request)
    state = await gateway.probe.find_state()
    parts = {
        "database": PartState(not state.reason, state.reason),
        "settings": _describe_settings(_refused_settings(request)),
        **_describe_targets(_workers_of(request), state, now=gateway.clock()),
    }
    is_ready = all(part.ready for part in parts.values())
    document = {
        "status": "ready" if is_ready else "not ready",
        "parts": {name: asdict(part) for name, part in parts.items()},
    }
    status = HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE
    return Response(json.dumps(document), status, media_type="application/json")


def _describe_settings(refused: tuple[str, ...]) -> PartState:
    if not refused:
        return PartState(True)
    return PartState(False, f"the former settings are in force in place of {', '.join(refused)}")


def _describe_targets(workers: OutboxWorkers, state: StoreState, *, now: datetime) -> dict[str, PartState]:
    """Return the state of each target that has outbox workers here."""
    pauses = {pause.target: pause.paused_until for pause in state.pauses if pause.paused_until > now}
    states = workers.states()
    parts = {}
    for target in workers.list_targets():
        if states[target] == "waiting":
            parts[target] = PartState(False, "its outbox worker waits for the database")
        elif states[target] == "off":
            parts[target] = PartState(False, "its outbox worker has ended; restart the gateway")
        elif target in pauses:
            until = pauses[target].isoformat(timespec="seconds")
            parts[target] = PartState(
                False, f"it asked for a pause or does not answer; calls wait until {until}"
            )
        else:
            parts[target] = PartState(True)
    return parts


def _workers_of(request: Request) -> OutboxWorkers:
    workers: OutboxWorkers = request.app.state.outbox_workers
    return workers


def _refused_settings(request: Request) -> tuple[str, ...]:
    refused: tuple[str, ...] = request.app.state.refused_settings
    return refused
