"""The parts of the gateway's OpenAPI that the code of the routes does not show."""

from typing import Any

from leadops.events.event_contract import event_schema
from leadops.events.field_changes import ChangeKind
from leadops.intake.form_contract import submission_schema

Responses = dict[int | str, dict[str, Any]]

_TEXT = {"type": "string"}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {"type": _TEXT, "title": _TEXT, "status": {"type": "integer"}, "detail": _TEXT},
}


def describe_answer(
    status: int,
    description: str,
    media_type: str,
    properties: dict[str, Any] | None = None,
    optional: dict[str, Any] | None = None,
) -> Responses:
    """Return an OpenAPI response: `properties` are always in the JSON object, `optional` ones sometimes."""
    schema = (
        {"type": "object", "required": sorted(properties), "properties": properties | (optional or {})}
        if properties
        else {}
    )
    content = {media_type: {"schema": schema}}
    return {status: {"description": description, "content": content}}


def describe_problems(*statuses: int) -> Responses:
    """Return the OpenAPI responses of problem documents with these statuses."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {
        status: {"description": "A problem document (RFC 9457)", "content": content} for status in statuses
    }


def describe_header(name: str, description: str, pattern: str, *, required: bool = True) -> dict[str, Any]:
    """Return an OpenAPI parameter: a header whose value fits `pattern`."""
    schema = {"type": "string", "pattern": pattern}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def describe_body(*schemas: dict[str, Any]) -> dict[str, Any]:
    """Return an OpenAPI request body of JSON that fits any of `schemas`."""
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def inline_definitions(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON Schema with its $defs inlined: in OpenAPI `#/$defs` means another place."""
    definitions = schema.get("$defs", {})

    def put(node: Any) -> Any:
        if isinstance(node, list):
            return [put(child) for child in node]
        if not isinstance(node, dict):
            return node
        if "$ref" in node:
            rest = {name: child for name, child in node.items() if name != "$ref"}
            return put(definitions[node["$ref"].rpartition("/")[2]]) | rest
        return {name: put(child) for name, child in node.items() if name not in ("$defs", "$schema")}

    inlined: dict[str, Any] = put(schema)
    return inlined


def _describe_change(**more: dict[str, Any]) -> dict[str, Any]:
    properties = {"path": _TEXT, "what": {"enum": [kind.value for kind in ChangeKind]}} | more
    return {"type": "object", "required": sorted(properties), "properties": properties}


_EVENT = inline_definitions(event_schema())
_EVENTS = {"type": "array", "items": _EVENT, "maxItems": 500}

COLLECT_OPENAPI: dict[str, Any] = {
    "parameters": [
        describe_header("X-Write-Key", "A server's key; browsers have an Origin", "^.+$", required=False)
    ],
    "requestBody": describe_body(
        _EVENT, _EVENTS, {"type": "object", "required": ["events"], "properties": {"events": _EVENTS}}
    ),
}
FORM_OPENAPI: dict[str, Any] = {
    "parameters": [
        describe_header("X-Timestamp", "Unix time in seconds", "^[0-9]{10}$"),
        describe_header("X-Signature", "Hex HMAC-SHA-256 of `timestamp.body`", "^(sha256=)?[0-9a-f]{64}$"),
    ],
    "requestBody": describe_body(inline_definitions(submission_schema())),
}
COLLECT_ANSWER = describe_answer(
    202,
    "What became of each event",
    "application/json",
    {
        "accepted": {"type": "integer"},
        "duplicates": {"type": "integer"},
        "quarantined": {"type": "array"},
        "changed": {"type": "array", "items": _describe_change(index={"type": "integer"})},
    },
)
FORM_ANSWER = describe_answer(
    202,
    "Kept; the same form has the same id",
    "application/json",
    {"id": _TEXT, "changed": {"type": "array", "items": _describe_change()}},
    {
        "quarantined": {
            "type": "object",
            "required": ["reason", "detail"],
            "properties": {"reason": _TEXT, "detail": _TEXT},
        }
    },
)
TOKEN_OPENAPI: dict[str, Any] = {
    "parameters": [describe_header("Authorization", "The metrics token", "^Bearer .+$")]
}
METRICS_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Every metric, as Prometheus reads it",
        "content": {kind: {"schema": _TEXT} for kind in ("text/plain", "application/openmetrics-text")},
    }
}
