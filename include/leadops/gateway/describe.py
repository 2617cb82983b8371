"""What the gateway's OpenAPI says beyond what the code of the routes shows."""

from typing import Any

from leadops.intake.contract import submission_schema

_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
}


def describe_problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI responses of problem documents with these statuses."""
    content = {"application/problem+json": {"schema": _PROBLEM}}
    return {
        status: {"description": "A problem document (RFC 9457)", "content": content} for status in statuses
    }


def _header(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "description": description, "schema": schema}


FORM_OPENAPI: dict[str, Any] = {
    "parameters": [
        _header("X-Timestamp", "Unix time in seconds", {"type": "string", "pattern": "^[0-9]{10}$"}),
        _header(
            "X-Signature",
            "Hex HMAC-SHA-256 of `timestamp.body`",
            {"type": "string", "pattern": "^(sha256=)?[0-9a-f]{64}$"},
        ),
    ],
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": submission_schema()}},
    },
    "responses": {
        "202": {
            "description": "Kept; the same submission has the same id",
            "content": {
                "application/json": {
                    "schema": {
                        "type": "object",
                        "required": ["id"],
                        "properties": {"id": {"type": "string"}},
                    }
                }
            },
        }
    },
}
