"""The JSON answers of the pages: what was read, as of when."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson
from fastapi import Response

from leadops.dashboard.made_up_mark import shows_made_up
from leadops.dashboard.viewer_mask import mask_body, sees_people_now


def answer_json(data: object, *, as_of: datetime, **more: object) -> Response:
    """Return `data`, a dataclass or a mapping, as a JSON object with `as_of` and what `more` adds.

    Where the data are those of a simulated company, it has `made_up`: true.
    For who may not see people, mail addresses in any of its texts are masked. Times are in UTC, spans in
    seconds, decimals are numbers.
    """
    return Response(encode_answer(data, as_of=as_of, **more), media_type="application/json")


def encode_answer(data: object, *, as_of: datetime, **more: object) -> bytes:
    """Return the body of `answer_json`, for who keeps it."""
    members = _list_members(data)
    mark = {"made_up": True} if shows_made_up.get() else {}
    body = orjson.dumps(
        {"as_of": as_of.astimezone(UTC), **mark, **members, **more},
        default=_encode,
        option=orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z | orjson.OPT_SERIALIZE_NUMPY,
    )
    return body if sees_people_now.get() else mask_body(body)


def _list_members(data: object) -> Mapping[str, Any]:
    if is_dataclass(data) and not isinstance(data, type):
        return {field.name: getattr(data, field.name) for field in fields(data)}
    if isinstance(data, Mapping):
        return data
    raise TypeError(f"an answer is a dataclass or a mapping, not {type(data).__name__}")


def _encode(value: object) -> object:
    match value:
        case Decimal():
            return float(value)
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
        case tuple():
            return list(value)
        case date():
            return value.isoformat()
        case Mapping():
            return dict(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
