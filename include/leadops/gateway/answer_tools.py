"""POST /webhook/form/TOOL: forms as tools such as Typeform send them, by their mapping in forms.yaml."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response

from leadops.events.event_refusal import EventRefusal
from leadops.events.form_tools import FormTool
from leadops.gateway.bodies import read_body
from leadops.gateway.forms import (
    FormState,
    admit_sender,
    admit_signer,
    form_state_of,
    keep_form_answer,
    load_form_key,
)
from leadops.gateway.gateway_state import Gateway, gateway_of
from leadops.gateway.problems import ProblemError, make_repeatable
from leadops.gateway.shared_secrets import find_place
from leadops.intake.read_tool_form import ToolForm, read_tool_forms
from leadops.intake.tool_proof import ToolCall, ToolSigner, find_tool_signer
from leadops.intake.tool_secrets import name_tool_variable

router = APIRouter()

#: Characters of a challenge; Meta sends ten digits.
LONGEST_CHALLENGE = 200
#: A tool that our own settings keep off. Typeform ends a webhook at once after 404, and HubSpot never repeats
#: after a 4xx, so that its forms would be lost for a fault of ours.
TOOL_OFF = "tool_off"
#: A body above the limit of tools, proven or not; HubSpot never sends it again.
TOOL_TOO_LARGE = "tool_too_large"


@router.post("/webhook/form/{name}", include_in_schema=False)
async def answer_tool(request: Request, name: str) -> Response:
    """Take the leads of a call: 200 with what became of each, or a problem document and nothing kept."""
    gateway, state = gateway_of(request), form_state_of(request)
    try:
        forms = await _take(request, name, gateway, state)
    except ProblemError as problem:
        if problem.status < 500 or problem.reason == TOOL_OFF:
            state.refusals.count(TOOL_TOO_LARGE if problem.status == 413 else problem.reason)
        return make_repeatable(problem).response()
    return Response(json.dumps({"forms": forms}), 200, media_type="application/json")


@router.get("/webhook/form/{name}", include_in_schema=False)
async def answer_challenge(request: Request, name: str) -> Response:
    """Answer a tool that asks whether the address is ours (hub.challenge of Meta's webhooks)."""
    gateway, state = gateway_of(request), form_state_of(request)
    tool, tokens = gateway.events.forms.tools.get(name), state.tools.tokens.get(name, ())
    if (tool is None and not tokens) or (tool is not None and not tool.hub_challenge):
        return ProblemError(404, "No tool of this name answers a challenge; see docs/forms.md.").response()
    try:
        if tool is None or not tokens:
            variable = f"LEADOPS_FORM_{name.upper()}_TOKEN"
            raise _report_off(
                name,
                gateway,
                f"set {variable} for the gateway, and restart it"
                if tool
                else f"add tools.{name} to forms.yaml",
            )
        challenge = _read_challenge(request, tokens, gateway, state)
    except ProblemError as problem:
        state.refusals.count(problem.reason)
        return problem.response()
    return Response(challenge, media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"})


def _read_challenge(request: Request, tokens: Sequence[str], gateway: Gateway, state: FormState) -> str:
    """Return the challenge of whoever knows one of `tokens`; raise a ProblemError for everybody else."""
    address, given = admit_sender(request, gateway, state), request.query_params
    is_known = find_place(given.get("hub.verify_token", ""), tokens) is not None
    if given.get("hub.mode") != "subscribe" or not is_known:
        state.unauthenticated.charge(address, 1)
        raise ProblemError(403, "hub.verify_token is wrong.", reason="bad_signature")
    challenge = given.get("hub.challenge", "")
    if not challenge.isascii() or not challenge.isalnum() or len(challenge) > LONGEST_CHALLENGE:
        raise ProblemError(400, "hub.challenge is not letters and digits.")
    return challenge


async def _take(request: Request, name: str, gateway: Gateway, state: FormState) -> list[dict[str, Any]]:
    tool = _find_tool(name, gateway, state)
    settings = gateway.settings
    address = admit_sender(request, gateway, state)
    try:
        body = await read_body(
            request, max_bytes=settings.forms.max_tool_body_bytes, seconds=settings.body_seconds
        )
        signer = _prove(request, body, name, tool, gateway, state)
    except ProblemError:
        state.unauthenticated.charge(address, 1)
        raise
    now, hash_key = gateway.clock(), await load_form_key(gateway, state)
    sent_at = min(signer.sent_at, now)
    forms = await asyncio.to_thread(  # a large body takes some tenths of a second
        read_tool_forms,
        body,
        name=name,
        tool=tool,
        hash_key=hash_key,
        sent_at=sent_at,
        now=now,
        settings=gateway.events,
    )
    gateway.secrets.note_use(name_tool_variable(name), signer.place)
    admit_signer(state, f"{name} {signer.place}", forms=len(forms))
    answers = []
    for form in forms:
        if form.is_test:
            state.refusals.count("test")
            answers.append(_describe_test(form))
        else:
            answer = await keep_form_answer(
                form.form,
                gateway,
                state,
                body=form.body,
                signer=signer.place,
                sent_at=sent_at,
                now=now,
                tool=name,
            )
            answers.append(answer)
    return answers


def _find_tool(name: str, gateway: Gateway, state: FormState) -> FormTool:
    """Return the tool; raise a ProblemError: 503 while our settings keep it off, 404 where none names it."""
    tools = gateway.events.forms.tools
    if name not in tools and state.tools.has(name):
        raise _report_off(name, gateway, f"add tools.{name} to forms.yaml")
    if name not in tools:
        raise ProblemError(
            404, f"No such form tool; forms.yaml has {', '.join(sorted(tools))}.", reason="no_tool"
        )
    if missing := state.tools.find_missing(name, tools[name]):
        raise _report_off(name, gateway, missing)
    return tools[name]


def _report_off(name: str, gateway: Gateway, missing: str) -> ProblemError:
    seconds = str(gateway.settings.retry_after_seconds)
    return ProblemError(
        503, f"The form tool {name} is off: {missing}.", {"Retry-After": seconds}, reason=TOOL_OFF
    )


def _prove(
    request: Request, body: bytes, name: str, tool: FormTool, gateway: Gateway, state: FormState
) -> ToolSigner:
    call = ToolCall(
        method=request.method,
        query=request.url.query,
        parameters=request.query_params,
        headers=request.headers,
        body=body,
    )
    window = timedelta(minutes=gateway.settings.forms.window_minutes)
    proof = find_tool_signer(tool, state.tools.secrets[name], call, now=gateway.clock(), window=window)
    if isinstance(proof, EventRefusal):
        raise ProblemError(401, f"{proof.detail} (form tool {name}).", reason=proof.reason)
    return proof


def _describe_test(form: ToolForm) -> dict[str, Any]:
    """Return what would have become of a test, which is not kept."""
    verdict = form.form.verdict
    refused = (
        {"reason": verdict.reason, "detail": verdict.detail} if isinstance(verdict, EventRefusal) else None
    )
    return {"test": True, "would_be": {"quarantined": refused} if refused else "a lead"}
