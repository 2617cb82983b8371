"""What Salesforce reads of a call."""

from typing import Any

import orjson
from starlette.requests import Request

from leadops_sandbox.answers import read_body
from leadops_sandbox.products.salesforce.errors import refuse_call

#: Objects that callers may write.
WRITABLE = ("Lead", "Contact")
#: Objects that callers may write besides, in collections alone.
MEMBER, CAMPAIGN = "CampaignMember", "Campaign"


async def read_object(request: Request) -> dict[str, Any]:
    """Return the call's JSON object; raise VendorError 400."""
    try:
        body = orjson.loads(await read_body(request))
    except orjson.JSONDecodeError as error:
        raise refuse_call(400, "JSON_PARSER_ERROR", str(error)) from error
    if not isinstance(body, dict):
        raise refuse_call(400, "JSON_PARSER_ERROR", "the body must be an object")
    return body


def check_type(sobject: str) -> None:
    """Raise VendorError for an object that cannot be written."""
    if not sobject:
        raise refuse_call(400, "INVALID_TYPE", "attributes.type is missing")
    if sobject not in (*WRITABLE, MEMBER, CAMPAIGN):
        raise refuse_call(404, "NOT_FOUND", f"The requested resource does not exist: {sobject}")
