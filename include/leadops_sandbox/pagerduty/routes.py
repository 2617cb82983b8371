"""PagerDuty's Events API v2, and the incidents that it made of the events."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from leadops_sandbox.answers import answer, read_body
from leadops_sandbox.settings import fits
from leadops_sandbox.world import World

ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES = ("critical", "error", "warning", "info")


def routes(world: World) -> list[Route]:
    """Return the routes over `world`: what begins with an underscore is the admin's."""

    async def enqueue(request: Request) -> Response:
        try:
            event = orjson.loads(await read_body(request))
        except orjson.JSONDecodeError:
            event = None
        if faults := list(find_faults(event, routing_key=world.tokens.pagerduty)):
            refusal = {"status": "invalid event", "message": "Event object is invalid", "errors": faults}
            return answer(refusal, status=400)
        event = {name: value for name, value in event.items() if name != "routing_key"}
        event.setdefault("dedup_key", uuid4().hex)
        world.effect("pagerduty.event", event=event)
        accepted = {"status": "success", "message": "Event processed", "dedup_key": event["dedup_key"]}
        return answer(accepted, status=202)

    async def list_incidents(_: Request) -> Response:
        return answer({"incidents": [incident.show() for incident in world.pagerduty.incidents]})

    return [
        Route("/v2/enqueue", enqueue, methods=["POST"]),
        Route("/_pagerduty.json", list_incidents, methods=["GET"]),
    ]


def find_faults(event: Any, *, routing_key: str) -> Iterator[str]:
    """Yield what is wrong with an event, in PagerDuty's words."""
    if not isinstance(event, dict):
        yield "Event object is not valid JSON"
        return
    key = event.get("routing_key")
    if not isinstance(key, str) or len(key) != 32:
        yield "Length of 'routing_key' is incorrect (should be 32 characters)"
    elif not fits(key, routing_key):
        yield "Invalid routing key"
    action = event.get("event_action")
    if action not in ACTIONS:
        yield "'event_action' is invalid (should be one of: trigger, acknowledge, resolve)"
    dedup_key = event.get("dedup_key")
    if dedup_key is None and action in ACTIONS[1:]:
        yield "'dedup_key' is missing or blank"
    if dedup_key is not None and (not isinstance(dedup_key, str) or not 0 < len(dedup_key) <= 255):
        yield "Length of 'dedup_key' is incorrect (should be at most 255 characters)"
    if action == "trigger":
        yield from _find_payload_faults(event.get("payload"))
    links = event.get("links", [])
    if not isinstance(links, list) or not all(isinstance(link, dict) and link.get("href") for link in links):
        yield "'links' is invalid (each should have an 'href')"


def _find_payload_faults(payload: Any) -> Iterator[str]:
    payload = payload if isinstance(payload, dict) else {}
    for name in ("summary", "source"):
        if not isinstance(payload.get(name), str) or not payload[name].strip():
            yield f"'payload.{name}' is missing or blank"
    if len(str(payload.get("summary", ""))) > 1024:
        yield "Length of 'payload.summary' is incorrect (should be at most 1024 characters)"
    if payload.get("severity") not in SEVERITIES:
        yield "'payload.severity' is invalid (should be one of: critical, error, warning, info)"
