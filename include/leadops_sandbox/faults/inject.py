"""Runs one call with the faults it meets."""

import asyncio
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from leadops_sandbox.answers import answer
from leadops_sandbox.answers import refuse as problem
from leadops_sandbox.faults.rules import ActiveFault, FaultRule
from leadops_sandbox.faults.wire import collect_answer, hang, reset, send_half, take_request


async def run_with_faults(
    app: ASGIApp,
    met: list[ActiveFault],
    scope: Scope,
    receive: Receive,
    send: Send,
    *,
    refuse: Callable[[FaultRule], Response | None],
) -> None:
    """Run `app` for one call that meets the faults `met`, as `Faults.draw` gives them.

    `refuse` makes the answer of a fault that is an answer; where it makes none, the app acts the fault out.
    """
    fault = None
    for fault in met:
        if fault.rule.kind == "latency":
            await asyncio.sleep(fault.rule.seconds)
    if fault is None:
        return await app(scope, receive, send)
    rule = fault.rule
    match rule.kind:
        case "latency":
            await app(scope, receive, send)
        case "timeout_before":
            await hang(receive, send, seconds=rule.seconds)
        case "reset_before":
            await take_request(receive)
            await reset(receive, send)
        case "timeout_after":
            await collect_answer(app, scope, receive)
            await hang(receive, send, seconds=rule.seconds)
        case "reset_after":
            await collect_answer(app, scope, receive)
            await reset(receive, send)
        case "half_answer":
            await send_half(await collect_answer(app, scope, receive), receive, send)
        case "rejected_rows":
            scope["reject"], scope["product_fault"] = fault.refuses_row, fault
            await app(scope, receive, send)
        case "duplicate_rows":
            scope["repeat"] = fault.refuses_row
            await app(scope, receive, send)
        case _ if (answered := refuse(rule)) is not None:
            await answered(scope, receive, send)
        case _:
            scope["product_fault"] = fault
            await app(scope, receive, send)
    return None


def make_refusal(target: str, rule: FaultRule) -> Response | None:
    """Return the 429 or 500 of the stand-in `target`, in its own words; None for another fault."""
    if rule.kind not in ("429", "500"):
        return None
    if rule.kind == "500":
        if target == "slack":
            return answer({"ok": False, "error": "internal_error"}, status=500)
        return problem(500, "a fault of the sandbox")
    if target == "pagerduty":  # it does not say how long
        refusal = "Requests for this service are arriving too quickly.  Please retry later."
        return answer({"status": "throttle exceeded", "message": refusal}, status=429)
    headers = {"Retry-After": str(rule.retry_after)}
    if target == "slack":
        response = answer({"ok": False, "error": "ratelimited"}, status=429)
        response.headers.update(headers)
        return response
    return problem(429, "too many calls; wait as Retry-After says", headers=headers)
