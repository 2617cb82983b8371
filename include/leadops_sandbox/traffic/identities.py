"""Who a visitor is, as a web site's server signs it for the page: docs/tracking.md says how."""

import hmac
from typing import Any

#: The event with which a page says who its visitor is.
EVENT = "identify"


def sign_identify(event: dict[str, Any], *, secret: str) -> dict[str, Any]:
    """Return `event` (an identify) with the HMAC-SHA-256 of its email and user id, in hex."""
    lines = [f"{name}:{event[name]}" for name in ("email", "user_id") if event.get(name)]
    text = "\n".join(lines).encode()
    return event | {"signature": hmac.digest(secret.encode(), text, "sha256").hex()}
