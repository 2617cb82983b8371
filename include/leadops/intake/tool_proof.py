"""Whether a call comes from the form tool that it names: by an HMAC, or by a secret that comes along.

Each tool of forms.yaml says how it signs; nothing here knows a tool. The shipped ones follow

- HubSpot, "Validating requests"
  (developers.hubspot.com/docs/apps/legacy-apps/authentication/validating-requests):
  X-HubSpot-Signature-v3 is the Base64 of the HMAC-SHA-256 of method, URI, body and
  X-HubSpot-Request-Timestamp (milliseconds), without anything between; twelve characters of the URI are
  decoded before; at most 5 minutes old;
- Typeform, "Secure your webhooks" (typeform.com/developers/webhooks/secure-your-webhooks): Typeform-Signature
  is `sha256=` and the Base64 of the HMAC-SHA-256 of the body;
- Webflow, "Working with webhooks" (developers.webflow.com/data/docs/working-with-webhooks):
  x-webflow-signature is the hex HMAC-SHA-256 of x-webflow-timestamp (milliseconds), a colon and the body; at
  most 5 minutes old;
- Meta, "Webhooks, getting started" (developers.facebook.com/docs/graph-api/webhooks/getting-started):
  X-Hub-Signature-256 is `sha256=` and the hex HMAC-SHA-256 of the body under the app's secret;
- Google, "Lead form webhook" (developers.google.com/google-ads/webhook/docs/implementation): the body holds
  `google_key`, the key that the advertiser chose.
"""

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leadops.events.event_refusal import EventRefusal
from leadops.events.form_tools import FormTool, ToolSignature, ToolToken
from leadops.intake.read_form import parse_form

_TIMESTAMP = re.compile(r"[0-9]{1,14}", re.ASCII)
#: The characters of a URI that HubSpot decodes before it signs; every other escape stays.
_DECODED = {f"%{ord(character):02X}": character for character in ":/?@!$'()*,;"}
_ESCAPE = re.compile("|".join(_DECODED), re.IGNORECASE)


@dataclass(frozen=True)
class ToolCall:
    """A call as it came: `headers` by lower-case name, `query` still encoded, `body` every byte."""

    method: str
    query: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class ToolSigner:
    """The place, from 0, of the secret that proved a call, and when it was sent (UTC)."""

    place: int
    sent_at: datetime


def find_tool_signer(
    tool: FormTool, secrets: Sequence[str], call: ToolCall, *, now: datetime, window: timedelta
) -> ToolSigner | EventRefusal:
    """Return who proved `call`, or why nobody did: bad_signature, no_timestamp or stale.

    Every secret is tried, in a time that does not depend on how much is right. A timestamp that is signed may
    be `window` away from `now`; without one `now` dates the call, and only the submission's id makes a call
    that is repeated harmless.
    """
    if tool.token is not None:
        given = _read_token(tool.token, call)
        if given is None or (place := _match([secret.encode() for secret in secrets], given)) is None:
            return EventRefusal("bad_signature", f"{_name_place(tool.token)} does not hold the tool's secret")
        return ToolSigner(place, now)
    assert tool.signature is not None  # noqa: S101 - a tool has one of the two
    return _find_signature(tool, tool.signature, secrets, call, now=now, window=window)


def _find_signature(
    tool: FormTool,
    signature: ToolSignature,
    secrets: Sequence[str],
    call: ToolCall,
    *,
    now: datetime,
    window: timedelta,
) -> ToolSigner | EventRefusal:
    sent_at, timestamp = now, ""
    if signature.timestamp_header:
        timestamp = call.headers.get(signature.timestamp_header.lower(), "")
        if not _TIMESTAMP.fullmatch(timestamp):
            return EventRefusal("no_timestamp", f"send the Unix time in {signature.timestamp_header}")
        seconds = int(timestamp) / (1000 if signature.timestamp_unit == "ms" else 1)
        if abs(now.timestamp() - seconds) > window.total_seconds():
            return EventRefusal("stale", f"{signature.timestamp_header} is too far from the gateway's clock")
        sent_at = datetime.fromtimestamp(seconds, UTC)
    text = _signed_bytes(tool, signature, call, timestamp)
    wanted = [_sign(signature, secret, text) for secret in secrets]
    given = call.headers.get(signature.header.lower(), "").strip()
    if signature.encoding == "hex":
        given = given.lower()
    place = _match(wanted, given.encode("utf-8", "replace"))
    if place is None:
        return EventRefusal("bad_signature", f"{signature.header} is missing, or does not fit the body")
    return ToolSigner(place, sent_at)


def _signed_bytes(tool: FormTool, signature: ToolSignature, call: ToolCall, timestamp: str) -> bytes:
    url = (tool.url or "") + (f"?{call.query}" if call.query else "")
    parts = {
        "body": call.body,
        "timestamp": timestamp.encode(),
        "method": call.method.encode(),
        "url": _ESCAPE.sub(lambda match: _DECODED[match[0].upper()], url).encode(),
    }
    # The body is put in whole: what it says in braces is not replaced.
    texts = re.split(r"\{(\w+)\}", signature.signed)
    return b"".join(parts[text] if place % 2 else text.encode() for place, text in enumerate(texts))


def _sign(signature: ToolSignature, secret: str, text: bytes) -> bytes:
    digest = hmac.digest(secret.encode(), text, signature.algorithm)
    encoded = digest.hex() if signature.encoding == "hex" else base64.b64encode(digest).decode()
    prefix = signature.prefix.lower() if signature.encoding == "hex" else signature.prefix
    return (prefix + encoded).encode()


def _match(wanted: Sequence[bytes], given: bytes) -> int | None:
    """Return the place of `given` among `wanted`; each is compared whole."""
    found = None
    for place, one in enumerate(wanted):
        if hmac.compare_digest(one, given):
            found = place
    return found


def _read_token(token: ToolToken, call: ToolCall) -> bytes | None:
    if token.header:
        value = call.headers.get(token.header.lower(), "")
        if not value.startswith(token.prefix):
            return None
        value = value.removeprefix(token.prefix).strip()
    elif token.query:
        value = call.parameters.get(token.query, "")
    else:
        content = parse_form(call.body)
        found = content.get(token.body or "") if isinstance(content, dict) else None
        value = found if isinstance(found, str) else ""
    return value.encode("utf-8", "surrogatepass") if value else None


def _name_place(token: ToolToken) -> str:
    if token.header:
        return f"the header {token.header}"
    return f"the parameter {token.query}" if token.query else f"the field {token.body}"
