"""Slack's Web API and its incoming webhook."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leadops_sandbox.answers import answer, read_body
from leadops_sandbox.settings import fits
from leadops_sandbox.slack.arguments import is_true, read_arguments
from leadops_sandbox.slack.files import file_methods
from leadops_sandbox.slack.store import CONTENT, USER, WEBHOOK_CHANNEL, Message, channel_id, is_channel_id
from leadops_sandbox.world import World

Arguments = dict[str, Any]
Method = Callable[[Arguments], Arguments]


def routes(world: World) -> list[Route]:
    """Return Slack's routes over `world`."""
    store = world.slack

    def post_message(given: Arguments) -> Arguments:
        channel = given.get("channel")
        if not isinstance(channel, str) or not channel.strip("#"):
            return fail("channel_not_found")
        if not any(given.get(name) for name in ("text", "blocks", "attachments")):
            return fail("no_text")
        parent = given.get("thread_ts")
        if parent and store.find(channel_id(channel), parent) is None:
            return fail("thread_not_found")
        return post(channel, {name: given[name] for name in CONTENT if name in given}, thread_ts=parent)

    def post(channel: str, body: Arguments, *, thread_ts: str | None = None) -> Arguments:
        now = world.clock()
        ts = store.next_ts(now)
        world.effect("slack.post", at=now, channel=channel, ts=ts, body=body, thread_ts=thread_ts)
        return {"ok": True, "channel": channel_id(channel), "ts": ts, "message": shown(channel, ts)}

    def shown(channel: str, ts: str) -> Arguments:
        return store.show(store.channels[channel_id(channel)][ts])

    def update(given: Arguments) -> Arguments:
        channel, ts = given.get("channel", ""), given.get("ts")
        if not is_channel_id(channel):  # an id: unlike chat.postMessage, Slack takes no name here
            return fail("channel_not_found")
        if store.find(channel, ts) is None:
            return fail("message_not_found")
        body = {name: given[name] for name in CONTENT if name in given}
        if not any(body.get(name) for name in ("text", "blocks", "attachments")):
            return fail("no_text")
        world.effect("slack.update", channel=channel, ts=ts, body=body)
        message = shown(channel, str(ts))
        return {"ok": True, "channel": channel, "ts": ts, "text": message.get("text", ""), "message": message}

    def history(given: Arguments) -> Arguments:
        return listing(given, lambda message: message.thread_ts is None)

    def replies(given: Arguments) -> Arguments:
        parent = given.get("ts")
        if store.find(given.get("channel", ""), parent) is None:
            return fail("thread_not_found")
        found = listing(given, lambda message: parent in (message.ts, message.thread_ts))
        return found | {"messages": found["messages"][::-1]}

    def listing(given: Arguments, wanted: Callable[[Message], bool]) -> Arguments:
        if not is_channel_id(given.get("channel")):
            return fail("channel_not_found")
        messages = store.channels.get(given["channel"], {})
        oldest, latest = str(given.get("oldest") or "0"), str(given.get("latest") or "9999999999")
        latest = min(latest, given.get("cursor") or latest)
        inside = (lambda ts: oldest <= ts <= latest) if is_true(given.get("inclusive")) else None
        found = [
            store.show(m)
            for m in reversed(messages.values())
            if wanted(m) and (inside(m.ts) if inside else oldest < m.ts < latest)
        ]
        limit = int(given.get("limit") or 100)
        if not is_true(given.get("include_all_metadata")):
            found = [{k: v for k, v in m.items() if k != "metadata"} for m in found]
        more = len(found) > limit
        cursor = {"next_cursor": found[limit - 1]["ts"] if more else ""}
        return {"ok": True, "messages": found[:limit], "has_more": more, "response_metadata": cursor}

    def auth_test(_: Arguments) -> Arguments:
        return {
            "ok": True,
            "team": "sandbox",
            "user": "leadops",
            "user_id": USER,
            "team_id": "T0SANDBOX",
        }

    async def webhook(request: Request) -> Response:
        if request.path_params["path"] != world.tokens.webhook:
            return PlainTextResponse("no_service", status_code=404)
        raw = await read_body(request)
        try:
            body = orjson.loads(raw)
        except orjson.JSONDecodeError:
            body = None
        if not isinstance(body, dict):
            return PlainTextResponse("invalid_payload", status_code=400)
        if not any(body.get(name) for name in ("text", "blocks", "attachments")):
            return PlainTextResponse("no_text", status_code=400)
        post(WEBHOOK_CHANNEL, {name: body[name] for name in CONTENT if name in body})
        return PlainTextResponse("ok")

    methods: dict[str, Method] = {
        "chat.postMessage": post_message,
        "chat.update": update,
        "conversations.history": history,
        "conversations.replies": replies,
        "auth.test": auth_test,
    }
    web, uploads = file_methods(world, post)
    return [
        *(
            Route(f"/api/{name}", guard(world, m), methods=["GET", "POST"])
            for name, m in (methods | web).items()
        ),
        *uploads,
        Route("/services/{path:path}", webhook, methods=["POST"]),
    ]


def fail(error: str) -> Arguments:
    """Return what Slack answers, with HTTP 200, when a call is wrong."""
    return {"ok": False, "error": error}


def guard(world: World, method: Method) -> Callable[[Request], Awaitable[Response]]:
    """Return the HTTP handler of a Web API method: who calls, what is asked, and Slack's way to refuse."""

    async def handle(request: Request) -> Response:
        given = await read_arguments(request)
        if given is None:
            return answer(fail("invalid_json"))
        token = request.headers.get("authorization", "").removeprefix("Bearer ") or given.get("token") or ""
        if not token:
            return answer(fail("not_authed"))
        if not fits(str(token), world.tokens.slack):
            return answer(fail("invalid_auth"))
        return answer(method(given | {"_base_url": str(request.base_url)}))

    return handle
