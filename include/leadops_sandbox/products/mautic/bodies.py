"""What Mautic reads of a call, and how it refuses one."""

from typing import Any
from urllib.parse import parse_qs

import orjson
from starlette.requests import Request

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.face import VendorError

NOT_FOUND = "Item was not found."


def refuse_call(status: int, message: str) -> VendorError:
    """Return the error answer of a whole call."""
    return VendorError(status, {"errors": [{"code": status, "message": message, "type": None}]})


async def read_body_json(request: Request) -> Any:
    """Return a call's body, JSON or a form; an object without entries where there is none."""
    raw = await read_body(request)
    if "form-urlencoded" in request.headers.get("content-type", ""):
        return {name: values[-1] for name, values in parse_qs(raw.decode()).items()}
    try:
        return orjson.loads(raw or b"{}")
    except orjson.JSONDecodeError as error:
        raise refuse_call(400, "The body is not JSON") from error
