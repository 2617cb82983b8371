"""Keyed hashes: names by which a submission and a person are known again, and which nobody can work out."""

import hmac
import json
from typing import Any

from leadops.db import load_sql
from leadops.events.store import AsyncConnection


async def read_hash_key(connection: AsyncConnection) -> bytes:
    """Return this database's key; it never changes, so it may be kept."""
    row = await (await connection.execute(load_sql("leadops.intake", "read_hash_key"))).fetchone()
    assert row is not None  # noqa: S101 - the migration wrote it
    return bytes(row[0])


def hash_submission(key: bytes, content: dict[str, Any]) -> str:
    """Return the submission's id: of the sender's submission_id, or else of all that it says."""
    sender_id = content.get("submission_id")
    told = content if sender_id is None else sender_id
    # Escaped to ASCII, half characters too are text that can be hashed.
    text = json.dumps(told, sort_keys=True, separators=(",", ":"))
    return _hash(key, "content" if sender_id is None else "sender", text)


def hash_person(key: bytes, email: str) -> str:
    """Return the person's part of the CRM's idempotency_key; `email` is normalised."""
    return _hash(key, "crm-lead", email)


def _hash(key: bytes, purpose: str, text: str) -> str:
    return hmac.digest(key, f"{purpose}:{text}".encode(), "sha256").hex()[:40]
