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
from leadops.gateway.problems import ProblemError
from leadops.gateway.rate_limiter import RateLimiter
from leadops.gateway.refusal_counter import RefusalCounter
from leadops.gateway.work_notifier import WorkNotifier
from leadops.identity.identity_settings import IdentitySettings
from leadops.intake.form_hashes import read_hash_key
from leadops.intake.read_form import ReadForm, read_form
from leadops.intake.signature import find_signer
from leadops.intake.take_form import TakenForm, take_form
from leadops.intake.tool_secrets import ToolSecrets
from leadops.intake.validate_form import ValidForm
from leadops.secret_variables import FORMS

router = APIRouter()

_TIMESTAMP = re.compile(r"[0-9]{1,11}", re.ASCII)
_CHALLENGE = {"WWW-Authenticate": "HMAC-SHA256"}


@dataclass
class FormState:
    """What forms need beside the gateway: secrets, rate limits, the count of refusals, the notifier.

    `tools` has the secrets of form tools. `hash_key` is read from the database with the first form.
    """

    secrets: tuple[str, ...] = field(repr=False)
    identity: IdentitySettings
    signers: RateLimiter
    unauthenticated: RateLimiter
    refusals: RefusalCounter
    notifier: WorkNotifier
    tools: ToolSecrets = field(default_factory=ToolSecrets)
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
        now = gateway.clock()
        hash_key, sent_at = await load_form_key(gateway, state), min(signed.at, now)
        form = read_form(signed.body, hash_key=hash_key, sent_at=sent_at, now=now, settings=gateway.events)
        answer = await keep_form_answer(
            form, gateway, state, body=signed.body, signer=signed.signer, sent_at=sent_at, now=now
        )
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
    address = admit_sender(request, gateway, state)
    try:
        at = _read_timestamp(request, gateway)
        body = await read_body(
            request, max_bytes=settings.forms.max_body_bytes, seconds=settings.body_seconds
        )
        signer = _find_signer(request, body, state)
    except ProblemError:
        state.unauthenticated.charge(address, 1)
        raise
    gateway.secrets.note_use(FORMS.name, signer)
    admit_signer(state, str(signer))
    return SignedBody(body, at, signer)


def admit_sender(request: Request, gateway: Gateway, state: FormState) -> str:
    """Return the address of whoever calls; raise a ProblemError (429) after too many refused forms of it."""
    peer = request.client.host if request.client else "unknown"
    forwarded = request.headers.getlist("x-forwarded-for")
    address = find_caller(peer, forwarded, gateway.settings.trusted_proxies).counted_as
    _admit(state.unauthenticated, address, "Too many refused forms from this address")
    return address


def admit_signer(state: FormState, name: str, *, forms: int = 1) -> None:
    """Charge whoever signed for `forms`; raise a ProblemError (429) if that is too fast."""
    _admit(state.signers, name, "Too many forms under this secret")
    state.signers.charge(name, forms)


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


async def load_form_key(gateway: Gateway, state: FormState) -> bytes:
    """Return the key of the forms' hashes; it is read once."""
    if state.hash_key is None:
        state.hash_key = await gateway.ask(read_hash_key, seconds=gateway.settings.answer_seconds)
    return state.hash_key


async def keep_form_answer(
    form: ReadForm,
    gateway: Gateway,
    state: FormState,
    *,
    body: bytes,
    signer: int,
    sent_at: datetime,
    now: datetime,
    tool: str | None = None,
) -> dict[str, Any]:
    """Keep a form as a lead, or else in quarantine; return the answer.

    `signer` is the place, from 0, of the secret that proved it, among those of `tool` if one sent it.
    """
    hash_key = await load_form_key(gateway, state)

    async def keep(connection: AsyncConnection) -> TakenForm:
        return await take_form(
            connection,
            form,
            body=body,
            secret=signer + 1,
            signed_at=sent_at,
            hash_key=hash_key,
            forms=gateway.events.forms,
            identity=state.identity,
            now=now,
            erased=gateway.erased,
            tool=tool,
        )

    taken = await gateway.ask(keep, seconds=gateway.settings.answer_seconds)
    gateway.metrics.count_form(is_new=taken.is_new, is_quarantined=taken.refusal is not None)
    answer: dict[str, Any] = {"id": form.submission_id, "changed": []}
    if isinstance(form.verdict, ValidForm) and taken.refusal is None:
        answer["changed"] = [asdict(change) for change in form.verdict.changes]
    if not taken.is_new:
        return answer
    gateway.note_events()
    if taken.refusal:
        return answer | {"quarantined": asdict(taken.refusal)}
    state.notifier.notify()
    return answer
