"""Signatures of forms: HMAC-SHA-256 (RFC 2104) over `timestamp.body`, under any of the secrets in force."""

import hmac
from collections.abc import Sequence


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of `body` sent at `timestamp` (Unix seconds), in lower-case hex."""
    return hmac.digest(secret.encode(), timestamp.encode() + b"." + body, "sha256").hex()


def find_signer(secrets: Sequence[str], timestamp: str, body: bytes, signature: str) -> int | None:
    """Return the place, from 0, of the secret that made `signature` (hex, `sha256=` before it or not).

    None if none did. Every secret is tried, in a time that does not depend on how much is right.
    """
    given = signature.strip().lower().removeprefix("sha256=").encode()
    found = None
    for place, secret in enumerate(secrets):
        if hmac.compare_digest(sign(secret, timestamp, body).encode(), given):
            found = place
    return found
