"""Keyed hashes that identify a submission and a person without revealing either."""

import hmac
import json
from typing import Any

from leadops.db import AsyncConnection, Connection
from leadops.queries import Queries

queries = Queries(__file__, topic="keep_form")


async def read_hash_key(connection: AsyncConnection) -> bytes:
    """Return this database's key; it never changes, so it may be cached."""
    return bytes(await queries.value_async(connection, "read_hash_key"))


def load_hash_key(connection: Connection) -> bytes:
    """As `read_hash_key`, outside an event loop."""
    return bytes(queries.value(connection, "read_hash_key"))


def hash_submission(key: bytes, content: dict[str, Any]) -> str:
    """Return the submission's id: the hash of the sender's submission_id, or else of the whole content."""
    sender_id = content.get("submission_id")
    hashed = content if sender_id is None else sender_id
    # Escaped to ASCII, lone surrogates too are text that can be hashed.
    text = json.dumps(hashed, sort_keys=True, separators=(",", ":"))
    return _hash(key, "content" if sender_id is None else "sender", text)


def hash_tool_form(key: bytes, tool: str, kind: str, value: Any) -> str:
    """Return the id of what the form tool `tool` sent, known by `value`: its own id, all that is said, …

    `kind` says which of them. No form of another tool, and none of our own contract, can have the same id.
    """
    return _hash(key, "tool", json.dumps([tool, kind, value], sort_keys=True, separators=(",", ":")))


def hash_body(key: bytes, body: bytes) -> str:
    """Return the id of a submission of which only the bytes are known."""
    return hmac.digest(key, b"body:" + body, "sha256").hex()[:40]


def hash_person(key: bytes, email: str) -> str:
    """Return the person's part of the CRM's idempotency_key; `email` is normalised."""
    return _hash(key, "crm-lead", email)


def hash_trace(key: bytes, kind: str, text: str) -> str:
    """Return what tells whether two forms have an address, a text or a visitor (`kind`) in common."""
    return _hash(key, f"trace-{kind}", text)


def _hash(key: bytes, purpose: str, text: str) -> str:
    return hmac.digest(key, f"{purpose}:{text}".encode(), "sha256").hex()[:40]
