"""Marketo's published contract (Apache-2.0), which judges what we send and what the face answers.

The files are not part of the project. LEADOPS_SPECS names their folder, beside the checkout by default.
"""

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / os.environ.get("LEADOPS_SPECS", "../shared/specs")
FILES = ("marketo-swagger-mapi.json", "marketo-swagger-identity.json")
IS_THERE = all((FOLDER / name).exists() for name in FILES)


@cache
def read_contract() -> dict[str, Any]:
    """Both files as one, without what contradicts the answers that Marketo documents.

    Its envelopes require `errors`, `warnings` and `result` all at once, and the value of an attribute is an
    object, while every documented answer has one of the three, and texts.
    """
    contract: dict[str, Any] = {"paths": {}, "definitions": {}}
    for name in FILES:
        one = json.loads((FOLDER / name).read_text(encoding="utf-8"))
        for part in contract:
            contract[part] |= one[part]
    for name, definition in contract["definitions"].items():
        if name.startswith("ResponseOf") and "requestId" in definition["properties"]:
            definition["required"] = ["requestId", "success"]
    del contract["definitions"]["Attribute"]["properties"]["value"]["type"]
    return contract


def find_operation(method: str, path: str) -> dict[str, Any]:
    """The contract's operation for a call."""
    for template, operations in read_contract()["paths"].items():
        if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path) and method in operations:
            operation: dict[str, Any] = operations[method]
            return operation
    raise AssertionError(f"the contract has no {method} {path}")


def check_request(method: str, path: str, query: dict[str, str], body: Any) -> None:
    """Raise where the contract has no such call, or not with this query or this body."""
    parameters = find_operation(method, path).get("parameters", [])
    known = {one["name"]: one for one in parameters if one["in"] == "query"}
    assert set(query) <= set(known), f"unknown parameters: {set(query) - set(known)}"
    assert {name for name, one in known.items() if one.get("required")} <= set(query)
    for one in parameters:
        if one["in"] == "body":
            validate(body, one["schema"])


def check_answer(method: str, path: str, answer: Any) -> None:
    """Raise where an answer has another shape than the contract says."""
    validate(answer, find_operation(method, path)["responses"]["200"]["schema"])


def validate(value: Any, schema: dict[str, Any]) -> None:
    Draft4Validator(schema | {"definitions": read_contract()["definitions"]}).validate(value)
