"""Slack's three steps of uploading a file: ask for an address, send the bytes, share it in a channel."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from leadops_sandbox.answers import RefusedError, read_body
from leadops_sandbox.slack.store import is_channel_id
from leadops_sandbox.world import World

Arguments = dict[str, Any]
Method = Callable[[Arguments], Arguments]


def file_methods(world: World, post: Callable[..., Arguments]) -> tuple[dict[str, Method], list[Route]]:
    """Return the Web API methods for files and the route that takes their bytes; `post` posts a message."""
    store = world.slack
    files = store.files

    def get_upload_url(given: Arguments) -> Arguments:
        if not given.get("filename") or not str(given.get("length", "")).isdecimal():
            return {"ok": False, "error": "invalid_arguments"}
        file_id = f"F{len(files) + 1:010d}"
        world.effect("slack.file", id=file_id, name=given["filename"], size=int(given["length"]))
        return {"ok": True, "upload_url": f"{given['_base_url']}upload/{file_id}", "file_id": file_id}

    def complete_upload(given: Arguments) -> Arguments:
        wanted = given.get("files")
        if not isinstance(wanted, list) or not all(
            isinstance(f, dict) and f.get("id") in files for f in wanted
        ):
            return {"ok": False, "error": "file_not_found"}
        if channel := given.get("channel_id"):
            if not is_channel_id(channel):
                return {"ok": False, "error": "channel_not_found"}
            names = ", ".join(files[f["id"]]["name"] for f in wanted)
            for file in wanted:
                world.effect("slack.file_shared", id=file["id"], channel=channel)
            text = f"{given.get('initial_comment') or ''}\n[{names}]".strip()
            shared = [{"id": f["id"], "name": files[f["id"]]["name"]} for f in wanted]
            post(channel, {"text": text, "files": shared}, thread_ts=given.get("thread_ts"))
        return {"ok": True, "files": [{"id": f["id"], "title": f.get("title", "")} for f in wanted]}

    def file_info(given: Arguments) -> Arguments:
        file = files.get(str(given.get("file", "")))
        if file is None:
            return {"ok": False, "error": "file_not_found"}
        channels = [file["channel"]] if "channel" in file else []
        return {
            "ok": True,
            "file": {name: file[name] for name in ("id", "name", "size")} | {"channels": channels},
        }

    async def upload(request: Request) -> Response:
        file_id = request.path_params["file_id"]
        if file_id not in files:
            raise RefusedError(404, "no upload was announced under this address")
        content = b64encode(await read_body(request)).decode()
        world.effect("slack.file_content", id=file_id, content=content)
        return PlainTextResponse("OK")

    web: dict[str, Method] = {
        "files.getUploadURLExternal": get_upload_url,
        "files.completeUploadExternal": complete_upload,
        "files.info": file_info,
    }
    return web, [Route("/upload/{file_id}", upload, methods=["POST", "PUT"])]
