"""POST /v1/batch, /v1/track, /v1/identify …: events as the libraries of Segment and RudderStack send them.

These libraries repeat a call after 429 and 5xx, and give its events up after any other error. So whatever may
work later is answered by one of these.
"""

import asyncio
import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from leadops.db import AsyncConnection
from leadops.events.event_store import AcceptResult, accept_events
from leadops.events.proof import Proof
from leadops.events.segment_messages import CALLS, read_message
from leadops.gateway.admit_caller import AdmittedCaller, admit_caller
from leadops.gateway.allowed_origins import PREFLIGHT_HEADERS, cors_headers, is_allowed
from leadops.gateway.bodies import CONTENT_TYPES, check_kind, parse_json
from leadops.gateway.gateway_state import Gateway, gateway_of
from leadops.gateway.problems import ProblemError, make_repeatable
from leadops.gateway.segment_bodies import BATCHES, LibraryMessages, read_library_body, split_messages
from leadops.gateway.wrong_keys import BAD_KEY
from leadops.secret_variables import PUBLIC_WRITE_KEY, WRITE_KEY

router = APIRouter()

#: Messages that are read, or stored, before other requests have their turn.
CHUNK = 50
_HEADERS = {"Access-Control-Allow-Headers": "Authorization, Content-Type, AnonymousId"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="write key"'}


@dataclass(frozen=True)
class LibraryCaller:
    """A library, what its key proves (None: not known yet), and whether it is in a network of the company.

    `is_own` None: not known.
    """

    admitted: AdmittedCaller
    proof: Proof | None
    is_own: bool | None


@router.options("/v1/{call}", include_in_schema=False)
async def preflight_library(request: Request) -> Response:
    """Answer a preflight: whether a page of this origin may send, and how."""
    origin = request.headers.get("origin", "")
    if not is_allowed(origin, gateway_of(request).settings.allowed_origins):
        return _foreign_origin().response()
    return Response(status_code=204, headers=cors_headers(origin) | PREFLIGHT_HEADERS | _HEADERS)


@router.post("/v1/{call}", include_in_schema=False)
async def take_library_call(request: Request, call: str) -> Response:
    """Take a message or a batch: 200 once it is stored, or a problem document and nothing taken."""
    gateway = gateway_of(request)
    try:
        response = await _take(request, call, gateway)
    except ProblemError as problem:
        gateway.refusals.count(f"segment_{problem.counted_as}")
        response = make_repeatable(problem).response(code=problem.reason, message=problem.detail)
    origin = request.headers.get("origin", "")
    if is_allowed(origin, gateway.settings.allowed_origins):
        response.headers.update(cors_headers(origin))
    return response


async def _take(request: Request, call: str, gateway: Gateway) -> Response:
    if call not in BATCHES and call not in CALLS:
        raise ProblemError(
            404, f"known: POST /v1/batch, {', '.join(f'/v1/{name}' for name in set(CALLS.values()))}"
        )
    caller = _admit(request, gateway)
    check_kind(request, allowed=CONTENT_TYPES)
    body = await read_library_body(
        request, max_bytes=gateway.settings.segment.max_body_bytes, seconds=gateway.settings.body_seconds
    )
    content = parse_json(body)
    proof = caller.proof or _find_proof(request, gateway, _read_key(content))
    sent = split_messages(content, call, gateway.settings.segment)
    caller.admitted.charge(len(sent.messages))
    now = gateway.clock()
    items = await _read_items(sent, None if call in BATCHES else CALLS[call], gateway, now)
    history = proof == Proof.WRITE_KEY and request.headers.get("x-leadops-history", "").lower() == "true"
    agent = request.headers.get("user-agent") if proof == Proof.CLAIM else None
    size = min(CHUNK, gateway.settings.max_events)

    async def accept(connection: AsyncConnection) -> list[AcceptResult]:
        async with connection.transaction():  # so that a call that fails has stored nothing
            return [
                await accept_events(
                    connection,
                    items[start : start + size],
                    now=now,
                    settings=gateway.events,
                    sender=proof,
                    identity_secrets=gateway.identity_secrets,
                    history=history,
                    user_agent=agent,
                    own_network=caller.is_own if proof == Proof.CLAIM else None,
                    erased=gateway.erased,
                )
                for start in range(0, len(items), size)
            ]

    answers = await gateway.ask(accept, seconds=gateway.settings.answer_seconds) if items else []
    for answer in answers:
        gateway.metrics.count_events(answer)
    if any(answer.accepted or answer.quarantined for answer in answers):
        gateway.note_events()
    return Response(json.dumps(_describe(answers, size)), 200, media_type="application/json")


async def _read_items(
    sent: LibraryMessages, call: str | None, gateway: Gateway, now: datetime
) -> list[object]:
    """Return the messages as events; other requests have their turn between two chunks."""
    items: list[object] = []
    for start in range(0, len(sent.messages), CHUNK):
        items += [
            read_message(
                message,
                call=call,
                context=sent.context,
                sent_at=sent.sent_at,
                now=now,
                names=gateway.events.track_names,
                max_bytes=gateway.settings.segment.max_event_bytes,
            )
            for message in sent.messages[start : start + CHUNK]
        ]
        await asyncio.sleep(0)
    return items


def _describe(answers: list[AcceptResult], size: int) -> dict[str, Any]:
    """Return the answer of Segment, and beside it what became of the events."""
    return {
        "success": True,
        "accepted": sum(answer.accepted for answer in answers),
        "duplicates": sum(answer.duplicates for answer in answers),
        "quarantined": [
            {"index": number * size + item.index, "reason": item.reason, "detail": item.detail}
            for number, answer in enumerate(answers)
            for item in answer.quarantined
        ],
    }


def _admit(request: Request, gateway: Gateway) -> LibraryCaller:
    """Return who calls; raise a ProblemError if it may not send, or not now."""
    header = request.headers.get("authorization")
    key = None if header is None else _read_basic(header)
    is_server = gateway.secrets.admits(WRITE_KEY.name, key)
    admitted = admit_caller(request, gateway, is_server=is_server, reason="too_many")
    proof = None if header is None else _find_proof(request, gateway, key)
    return LibraryCaller(admitted, proof, admitted.address.is_own(gateway.own_networks))


def _find_proof(request: Request, gateway: Gateway, key: str | None) -> Proof:
    """Return what the key proves; in a page, the servers' key would let anybody speak for everybody."""
    origin = request.headers.get("origin")
    if gateway.secrets.admits(WRITE_KEY.name, key):
        if origin is None:
            return Proof.WRITE_KEY
        raise ProblemError(
            403,
            "LEADOPS_WRITE_KEY came from a web page, where everybody can read it. Change it, and give the"
            " page LEADOPS_PUBLIC_WRITE_KEY.",
            reason="key_in_page",
        )
    if gateway.secrets.admits(PUBLIC_WRITE_KEY.name, key):
        if origin is None or is_allowed(origin, gateway.settings.allowed_origins):
            return Proof.CLAIM
        raise _foreign_origin()
    raise ProblemError(
        401,
        "The write key is missing or wrong; send LEADOPS_WRITE_KEY of the gateway (from apps and pages:"
        " LEADOPS_PUBLIC_WRITE_KEY) as the user name of Basic authentication.",
        _CHALLENGE,
        reason=BAD_KEY,
        counted_as=gateway.secrets.wrong_keys.name_reason(key),
    )


def _foreign_origin() -> ProblemError:
    return ProblemError(
        403,
        "Send from a page of an allowed origin (allowed_origins in gateway.yaml).",
        reason="foreign_origin",
    )


def _read_basic(header: str) -> str | None:
    """Return the user name of Basic authentication (RFC 7617)."""
    kind, _, encoded = header.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[0]
    except ValueError:  # no Base64, or no UTF-8 in it; characters beyond ASCII are neither
        return None


def _read_key(content: Any) -> str | None:
    """Return the key in the body, where libraries for browsers put it."""
    key = content.get("writeKey") if isinstance(content, dict) else None
    return key if isinstance(key, str) else None
