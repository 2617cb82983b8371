"""How Slack takes arguments: JSON, a form, or the query with structures as JSON text."""

from typing import Any

import orjson
from starlette.requests import Request

#: Arguments that are structures, sent as JSON text in forms and queries.
STRUCTURED = ("blocks", "attachments", "metadata", "files")


async def read_arguments(request: Request) -> dict[str, Any] | None:
    """Return a call's arguments, or None when a part of them that should be JSON is none."""
    found: dict[str, Any] = dict(request.query_params)
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    try:
        if kind == "application/json":
            found |= orjson.loads(await request.body() or b"{}")
        elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            found |= {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        for name in STRUCTURED:
            if isinstance(found.get(name), str):
                found[name] = orjson.loads(found[name])
    except (orjson.JSONDecodeError, TypeError):
        return None
    return found


def is_true(value: object) -> bool:
    """Return whether an argument means yes, in any of the ways in which clients write it."""
    return value is True or str(value).lower() in ("1", "true")
