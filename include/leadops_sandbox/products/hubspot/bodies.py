"""What HubSpot reads of a call: a JSON object, a batch of inputs, names of properties."""

from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.hubspot.errors import refuse_call
from leadops_sandbox.products.hubspot.properties import DEFAULTS

if TYPE_CHECKING:
    from leadops_sandbox.products.hubspot.face import HubSpot


async def read_object(face: "HubSpot", request: Request) -> dict[str, Any]:
    """Return the call's JSON object; raise VendorError 400."""
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise refuse_call(face, 400, f"Invalid input JSON: {error}") from error
    if not isinstance(body, dict):
        raise refuse_call(face, 400, "Invalid input JSON: the body must be an object")
    return body


def read_inputs(face: "HubSpot", body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a batch's inputs; raise VendorError 400 when there are too many or one id is there twice."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(entry, dict) for entry in inputs):
        raise refuse_call(face, 400, "Invalid input JSON: inputs must be a list of objects")
    if len(inputs) > face.settings.batch_limit:
        raise refuse_call(face, 400, f"Batch size cannot be greater than {face.settings.batch_limit}")
    ids = [str(entry["id"]).strip().lower() for entry in inputs if entry.get("id") is not None]
    if twice := sorted({one for one in ids if ids.count(one) > 1}):
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise refuse_call(face, 400, message, context={"ids": twice})
    return inputs


def read_names(value: Any) -> list[str]:
    """Return the property names that a call asks for, else the ones shown by default."""
    if isinstance(value, str):
        value = [name for name in value.split(",") if name]
    return [str(name) for name in value] if value else list(DEFAULTS)


def query_names(request: Request, key: str) -> list[str]:
    """Return the names in a query that has `key` several times or with commas."""
    return [name for text in request.query_params.getlist(key) for name in text.split(",") if name]
