"""POST /webhook/form: a signed form becomes a lead in the MA and in the CRM."""

import json
import math
import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response

from leadops.db import AsyncConnection
from leadops.gateway.addresses import find_caller
from leadops.gateway.bodies import read_body
from leadops.gateway.gateway_state import Gateway, gateway_of
from leadops.gateway.openapi import FORM_ANSWER, FORM_OPENAPI, describe_problems
from leadops.gateway.outbox_notifier import OutboxNotifier
from leadops.gateway.problems import ProblemError
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.refusal_counter import RefusalCounter
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.form_hashes import read_hash_key
from leadops.intake.read_form import read_form
from leadops.intake.signature import find_signer
from leadops.intake.take_form import TakenForm, take_form
from leadops.intake.validate_form import ValidForm

router = APIRouter()

_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_CHALLENGE = {"WWW-Authenticate": "HMAC-SHA256"}


@dataclass
class FormState:
    """What forms need beside the gateway: secrets, rate limits, the count of refusals, the notifier.

    `hash_key` is read from the database with the first form.
    """

    secrets: tuple[str, ...] = field(repr=False)
    identity: IdentitySettings
    signers: RateLimiter
    unauthenticated: RateLimiter
    refusals: RefusalCounter
    notifier: OutboxNotifier
    hash_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class SignedBody:
    """A body with a valid signature: when it was signed (UTC), and by which secret, from 0."""

    body: bytes
    at: datetime
    signer: int


@router.post(
    "/webhook/form",
    status_code=202,
    response_class=Response,
    responses=FORM_ANSWER | describe_problems(401, 408, 413, 429, 503),
    openapi_extra=FORM_OPENAPI,
)
async def answer_form(request: Request) -> Response:
    """Take a form: 202 with the submission's id, the same for the same submission; or a problem document.

    Every form with a valid signature is kept. `changed` names what was normalised; `quarantined` says why
    the form cannot become a lead.
    """
    gateway, state = gateway_of(request), form_state_of(request)
    try:
        signed = await _read_signed(request, gateway, state)
        answer = await _take(signed, gateway, state)
    except ProblemError as problem:
        if problem.status < 500:
            state.refusals.count(problem.reason)
        return problem.response()
    return Response(json.dumps(answer), 202, media_type="application/json")


def form_state_of(request: Request) -> FormState:
    """Return the form state of the gateway that serves `request`."""
    state: FormState = request.app.state.forms
    return state


async def _read_signed(request: Request, gateway: Gateway, state: FormState) -> SignedBody:
    """Return the body of a form that one of the secrets signed just now; it is not parsed before."""
    settings = gateway.settings
    peer = request.client.host if request.client else "unknown"
    forwarded_for = request.headers.getlist("x-forwarded-for")
    address = find_caller(peer, forwarded_for, settings.trusted_proxies).counted_as
    _admit(state.unauthenticated, address, "Too many refused forms from this address")
    try:
        at = _read_timestamp(request, gateway)
        body = await read_body(
            request, max_bytes=settings.forms.max_body_bytes, seconds=settings.body_seconds
        )
        signer = _find_signer(request, body, state)
    except ProblemError:
        state.unauthenticated.charge(address, 1)
        raise
    _admit(state.signers, str(signer), "Too many forms under this secret")
    state.signers.charge(str(signer), 1)
    return SignedBody(body, at, signer)


def _find_signer(request: Request, body: bytes, state: FormState) -> int:
    signature = request.headers.get("x-signature", "")
    signer = find_signer(state.secrets, request.headers["x-timestamp"], body, signature)
    if signer is None:
        raise ProblemError(
            401,
            "The X-Signature is missing or wrong; send the hex HMAC-SHA-256 of `X-Timestamp.body` under a"
            " secret of LEADOPS_FORM_SECRETS, over the bytes exactly as sent.",
            _CHALLENGE,
            reason="bad_signature",
        )
    return signer


def _read_timestamp(request: Request, gateway: Gateway) -> datetime:
    given = request.headers.get("x-timestamp", "")
    if not _TIMESTAMP.fullmatch(given):
        raise ProblemError(
            401, "Send X-Timestamp: the Unix time in seconds.", _CHALLENGE, reason="no_timestamp"
        )
    at, minutes = datetime.fromtimestamp(int(given), UTC), gateway.settings.forms.window_minutes
    if abs((gateway.clock() - at).total_seconds()) > minutes * 60:
        raise ProblemError(
            401,
            f"X-Timestamp is more than {minutes:g} minutes away; set the clock, and sign each attempt again.",
            _CHALLENGE,
            reason="stale",
        )
    return at


def _admit(limiter: RateLimiter, name: str, what: str) -> None:
    if wait := limiter.admit(name):
        seconds = math.ceil(wait)
        detail = f"{what}; wait {seconds} s and send again."
        raise ProblemError(429, detail, {"Retry-After": str(seconds)}, reason="too_many")


async def _take(signed: SignedBody, gateway: Gateway, state: FormState) -> dict[str, Any]:
    """Keep a form as a lead, or else in quarantine; return the answer."""
    seconds, now = gateway.settings.answer_seconds, gateway.clock()
    if state.hash_key is None:
        state.hash_key = await gateway.ask(read_hash_key, seconds=seconds)
    hash_key, sent_at = state.hash_key, min(signed.at, now)
    form = read_form(signed.body, hash_key=hash_key, sent_at=sent_at, now=now, settings=gateway.events)

    async def keep(connection: AsyncConnection) -> TakenForm:
        return await take_form(
            connection,
            form,
            body=signed.body,
            secret=signed.signer + 1,
            signed_at=sent_at,
            hash_key=hash_key,
            forms=gateway.events.forms,
            identity=state.identity,
            now=now,
            erased=gateway.erased,
        )

    taken = await gateway.ask(keep, seconds=seconds)
    answer: dict[str, Any] = {"id": form.submission_id, "changed": []}
    if isinstance(form.verdict, ValidForm) and taken.refusal is None:
        answer["changed"] = [asdict(change) for change in form.verdict.changes]
    if not taken.is_new:
        return answer
    if taken.refusal:
        return answer | {"quarantined": asdict(taken.refusal)}
    state.notifier.notify()
    return answer
