"""POST /collect: events come in, from browsers of allowed sites and from senders with the write key."""

import json
from dataclasses import asdict, dataclass

from fastapi import APIRouter, Request, Response

from leadops.db import AsyncConnection
from leadops.events.event_store import AcceptResult, accept_events
from leadops.events.proof import Proof
from leadops.gateway.admit_caller import AdmittedCaller, admit_caller
from leadops.gateway.allowed_origins import PREFLIGHT_HEADERS, cors_headers, is_allowed
from leadops.gateway.bodies import check_content_type, parse_items, read_body
from leadops.gateway.gateway_state import Gateway, gateway_of
from leadops.gateway.openapi import COLLECT_ANSWER, COLLECT_OPENAPI, describe_problems
from leadops.gateway.problems import ProblemError
from leadops.gateway.wrong_keys import BAD_KEY
from leadops.secret_variables import WRITE_KEY

router = APIRouter()


@dataclass(frozen=True)
class Caller:
    """Who sends: how its events are counted, what it may ask for, and whether it is one of our own."""

    admitted: AdmittedCaller
    has_key: bool
    history: bool
    user_agent: str | None
    is_own: bool | None  # from a network of the company; None: not known


@router.options("/collect", include_in_schema=False)
async def preflight(request: Request) -> Response:
    """Answer a preflight: whether a page of this origin may send, and how."""
    origin = request.headers.get("origin", "")
    if not is_allowed(origin, gateway_of(request).settings.allowed_origins):
        return _foreign_origin().response()
    return Response(status_code=204, headers=cors_headers(origin) | PREFLIGHT_HEADERS)


@router.post(
    "/collect",
    status_code=202,
    response_class=Response,
    responses=COLLECT_ANSWER | describe_problems(400, 403, 408, 413, 415, 429, 503),
    openapi_extra=COLLECT_OPENAPI,
)
async def collect(request: Request) -> Response:
    """Take an event or a batch: 202 with what became of each, or a problem document and nothing taken."""
    gateway = gateway_of(request)
    try:
        response = await _collect(request, gateway)
    except ProblemError as problem:
        gateway.refusals.count(f"collect_{problem.counted_as}")
        response = problem.response()
    origin = request.headers.get("origin", "")
    if is_allowed(origin, gateway.settings.allowed_origins):
        response.headers.update(cors_headers(origin))
    return response


async def _collect(request: Request, gateway: Gateway) -> Response:
    settings = gateway.settings
    caller = _identify(request, gateway)
    check_content_type(request)
    body = await read_body(request, max_bytes=settings.max_body_bytes, seconds=settings.body_seconds)
    items = parse_items(body, max_events=settings.max_events)
    caller.admitted.charge(len(items))

    async def accept(connection: AsyncConnection) -> AcceptResult:
        return await accept_events(
            connection,
            items,
            now=gateway.clock(),
            settings=gateway.events,
            sender=Proof.WRITE_KEY if caller.has_key else Proof.CLAIM,
            identity_secrets=gateway.identity_secrets,
            history=caller.history,
            user_agent=caller.user_agent,
            own_network=caller.is_own,
            erased=gateway.erased,
        )

    accepted = await gateway.ask(accept, seconds=settings.answer_seconds)
    gateway.metrics.count_events(accepted)
    if accepted.accepted or accepted.quarantined:
        gateway.note_events()
    return Response(json.dumps(asdict(accepted)), 202, media_type="application/json")


def _identify(request: Request, gateway: Gateway) -> Caller:
    """Return who calls; raise a ProblemError if it may not send, or not now."""
    key = request.headers.get("x-write-key")
    has_key = gateway.secrets.admits(WRITE_KEY.name, key)
    admitted = admit_caller(request, gateway, is_server=has_key)
    history = request.headers.get("x-leadops-history", "").lower() == "true"
    if not has_key:
        if key is not None:
            raise ProblemError(
                403,
                "The X-Write-Key is wrong; use the gateway's LEADOPS_WRITE_KEY.",
                reason=BAD_KEY,
                counted_as=gateway.secrets.wrong_keys.name_reason(key),
            )
        if not is_allowed(request.headers.get("origin", ""), gateway.settings.allowed_origins):
            raise _foreign_origin()
        if history:
            raise ProblemError(403, "History is taken only from senders with the write key (X-Write-Key).")
    if has_key:  # a server: where it stands says nothing about the visitor
        return Caller(admitted, has_key, history, None, None)
    is_own = admitted.address.is_own(gateway.own_networks)
    return Caller(admitted, has_key, history, request.headers.get("user-agent"), is_own)


def _foreign_origin() -> ProblemError:
    return ProblemError(
        403,
        "Send from a page of an allowed origin (allowed_origins in gateway.yaml), or, from a server,"
        " with the header X-Write-Key.",
    )
