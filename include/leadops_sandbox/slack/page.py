"""The channels as a person would read them: `/_slack` and `/_slack.json`."""

import re
from base64 import b64decode
from datetime import UTC, datetime
from html import escape, unescape
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from leadops_sandbox.answers import RefusedError, answer
from leadops_sandbox.slack.store import Message, SlackStore
from leadops_sandbox.world import World

#: How a picture of this kind begins.
PNG = b"\x89PNG\r\n\x1a\n"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<meta name="viewport" content="width=device-width"><title>Slack (sandbox)</title><style>
body{font:15px/1.45 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1d1c1d}
h2{border-bottom:1px solid #ddd;padding-bottom:.3rem} article{margin:.9rem 0;padding-left:.8rem;
border-left:4px solid #4a154b} .reply{margin-left:1.6rem;border-color:#bbb} .text{white-space:pre-wrap}
img{max-width:100%;border:1px solid #ddd}
time,.edited{color:#616061;font-size:.85em} details{font-size:.85em;color:#616061}</style>
<h1>Slack (sandbox)</h1>"""


def routes(world: World) -> list[Route]:
    """Return the routes that show what was posted."""

    async def page(_: Request) -> Response:
        return HTMLResponse(render(world.slack))

    async def message(request: Request) -> Response:
        """Lead a permalink of Slack (https://….slack.com/archives/C…/p…) to the message on the page."""
        number = request.path_params["number"]
        return RedirectResponse(f"/_slack#p{number}", status_code=302)

    async def as_json(_: Request) -> Response:
        return answer({"channels": list_channels(world.slack)})

    async def file(request: Request) -> Response:
        content = world.slack.files.get(request.path_params["file_id"], {}).get("content")
        if content is None:
            raise RefusedError(404, "no such file")
        picture = b64decode(content)
        kind = "image/png" if picture.startswith(PNG) else "text/plain"
        return Response(picture, media_type=kind, headers={"X-Content-Type-Options": "nosniff"})

    return [
        Route("/_slack", page, methods=["GET"]),
        Route("/archives/{channel}/p{number:int}", message, methods=["GET"]),
        Route("/_slack.json", as_json, methods=["GET"]),
        Route("/_slack/files/{file_id}", file, methods=["GET"]),
    ]


def list_channels(store: SlackStore) -> list[dict[str, Any]]:
    """Return every channel with its messages, oldest first, each with its replies and its earlier texts."""

    def full(message: Message) -> dict[str, Any]:
        return store.show(message) | {"before": message.before}

    listed = []
    for channel, messages in store.channels.items():
        parents = []
        for message in (m for m in messages.values() if m.thread_ts is None):
            replies = [full(m) for m in messages.values() if m.thread_ts == message.ts]
            parents.append(full(message) | {"replies": replies})
        listed.append({"id": channel, "name": store.names[channel], "messages": parents})
    return listed


def render(store: SlackStore) -> str:
    """Return the page, newest message first, threads below their parents, edits marked."""
    parts = [PAGE]
    channels = list_channels(store)
    if not channels:
        parts.append("<p>Nothing was posted yet.</p>")
    for channel in channels:
        parts.append(f"<section><h2>#{escape(channel['name'])}</h2>")
        for message in reversed(channel["messages"]):
            parts.append(_article(message, "message"))
            parts.extend(_article(reply, "reply") for reply in message["replies"])
        parts.append("</section>")
    return "".join(parts)


def plain_text(body: dict[str, Any]) -> str:
    """Return a message's words: its blocks' text where it has blocks, else its `text`."""
    texts = []
    for block in body.get("blocks") or []:
        text = block.get("text")
        parts = [text, *(block.get("fields") or []), *(block.get("elements") or [])]
        texts += [
            part["text"] for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str)
        ]
    return "\n".join(texts) or str(body.get("text", ""))


def _article(message: dict[str, Any], kind: str) -> str:
    at = datetime.fromtimestamp(float(message["ts"]), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    edits = len(message["before"])
    edited = f' <span class="edited">(edited {edits}×)</span>' if edits else ""
    pictures = "".join(
        f'<p><a href="/_slack/files/{escape(file["id"])}"><img alt="{escape(file["name"])}"'
        f' src="/_slack/files/{escape(file["id"])}"></a></p>'
        for file in message.get("files", [])
        if file["name"].endswith(".png")
    )
    before = "".join(f'<div class="text">{_words(body)}</div>' for body in reversed(message["before"]))
    earlier = f"<details><summary>earlier</summary>{before}</details>" if before else ""
    return (
        f'<article class="{kind}" id="p{message["ts"].replace(".", "")}"><time>{at}</time>{edited}'
        f'<div class="text">{_words(message)}</div>{pictures}{earlier}</article>'
    )


def _words(body: dict[str, Any]) -> str:
    """Return the words as HTML: everything escaped, then links and *bold* of Slack's own markup."""
    words = escape(unescape(plain_text(body)), quote=True)
    words = re.sub(r"&lt;(https?://[^|&\s]+(?:&amp;[^|&\s]+)*)\|([^<]*?)&gt;", r'<a href="\1">\2</a>', words)
    words = re.sub(r"&lt;(https?://\S+?)&gt;", r'<a href="\1">\1</a>', words)
    return re.sub(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])", r"<b>\1</b>", words)
