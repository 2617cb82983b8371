"""Forms as a web site's server sends them on: signed, one by one."""

import hmac
import json
from datetime import datetime
from typing import Any

#: The event that stands for a form; where forms can be signed it goes as one.
EVENT = "submit_form"


def write_form(event: dict[str, Any]) -> bytes:
    """Return the body that says of `event` (a submit_form) what its form said."""
    form = {name: value for name, value in event.items() if name not in ("event_id", "event")}
    properties = form.get("properties")
    if isinstance(properties, dict) and "form" in properties:
        form["properties"] = {name: value for name, value in properties.items() if name != "form"}
        form["form"] = properties["form"]
    return json.dumps({"submission_id": event["event_id"], **form}).encode()


def sign_form(body: bytes, *, secret: str, at: datetime) -> dict[str, str]:
    """Return the headers of `body` signed at `at`: HMAC-SHA-256 over `timestamp.body`, in hex."""
    timestamp = str(int(at.timestamp()))
    signature = hmac.digest(secret.encode(), f"{timestamp}.".encode() + body, "sha256").hex()
    return {"Content-Type": "application/json", "X-Timestamp": timestamp, "X-Signature": signature}
