"""What viewers see in place of names, addresses and quotations: one place for all pages."""

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

import orjson

from leadops.mask import hide_private, mask_addresses, mask_name

#: Whether the reader of this request may see people. Answers take it from here, so that no route forgets it.
sees_people_now: ContextVar[bool] = ContextVar("sees_people_now", default=False)

#: Facts of the timeline that name or quote somebody.
PRIVATE_FACTS = frozenset({"properties", "value", "names", "facts", "quote"})

#: Without one of these bytes, a body holds no address: @, ＠ and %40.
_AT_SIGNS = (b"@", "\uff20".encode(), b"%40")
_NETWORK_ADDRESS = re.compile(
    r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4})(?![\w.])", re.I
)


def show_name(name: str | None, *, sees_people: bool) -> str | None:
    """Return `name`, masked for whoever may not see people."""
    return name if name is None or sees_people else mask_name(name)


def mask_body(body: bytes) -> bytes:
    """Return a JSON body with every mail address in it masked, be it a campaign's or a salesperson's."""
    if not any(sign in body for sign in _AT_SIGNS):
        return body
    return orjson.dumps(_walk(orjson.loads(body)))


def _walk(value: Any) -> Any:
    if isinstance(value, str):
        return mask_addresses(value)
    if isinstance(value, dict):
        return {mask_addresses(name): _walk(part) for name, part in value.items()}
    return [_walk(part) for part in value] if isinstance(value, list) else value


def hide_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts of a timeline's item without what names or quotes somebody."""
    hidden = {name: None if name in PRIVATE_FACTS else _hide_value(value) for name, value in facts.items()}
    if facts.get("by"):  # None is an answer of its own: nobody did it
        hidden["by"] = mask_name(facts["by"])
    return hidden


def _hide_value(value: Any) -> Any:
    if isinstance(value, str):
        return _NETWORK_ADDRESS.sub("[address]", hide_private(value))
    if isinstance(value, dict):
        return {name: _hide_value(part) for name, part in value.items()}
    return [_hide_value(part) for part in value] if isinstance(value, list) else value
