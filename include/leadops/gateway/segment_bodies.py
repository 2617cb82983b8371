"""The body of a call of a library for events: perhaps compressed, a message or a batch of them."""

import json
import zlib
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from leadops.gateway.bodies import read_body
from leadops.gateway.gateway_settings import SegmentSettings
from leadops.gateway.problems import ProblemError

BATCHES = ("batch", "b")


@dataclass(frozen=True)
class LibraryMessages:
    """The messages of a call; `context` is what the batch says for each of them.

    `sent_at` is when the batch was sent, by the sender's clock.
    """

    messages: list[Any]
    context: dict[str, Any]
    sent_at: object


async def read_library_body(request: Request, *, max_bytes: int, seconds: float) -> bytes:
    """Return the body, decompressed; never more than `max_bytes` of it are made. Raises ProblemError."""
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise ProblemError(415, "Send the body with Content-Encoding: gzip, or uncompressed.")
    body = await read_body(request, max_bytes=max_bytes, seconds=seconds)
    return body if encoding == "identity" else decompress(body, max_bytes=max_bytes)


def decompress(body: bytes, *, max_bytes: int) -> bytes:
    """Return a gzip body decompressed; never more than `max_bytes` of it are made.

    Raises ProblemError: 413 if there is more, 400 if it is not gzip, or cut off.
    """
    stream = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        content = stream.decompress(body, max_bytes + 1)
    except zlib.error:
        raise ProblemError(
            400, "The body is not gzip, as Content-Encoding says.", reason="not_gzip"
        ) from None
    if len(content) > max_bytes:
        raise ProblemError(
            413, f"Send at most {max_bytes // 1024} KB in one call, decompressed.", reason="too_large"
        )
    if not stream.eof or stream.unused_data:
        raise ProblemError(400, "The gzip body is cut off, or has more behind it.", reason="not_gzip")
    return content


def split_messages(content: Any, call: str, limits: SegmentSettings) -> LibraryMessages:
    """Return the messages of a body (parsed JSON) that was sent to `/v1/<call>`.

    Raises ProblemError: 400 if it holds none, 413 if it holds too many, or if the context of the batch would
    be too much, since every event has its own copy.
    """
    if not isinstance(content, dict):
        raise ProblemError(400, 'Send a JSON object: a message, or {"batch": [...]}.', reason="not_an_object")
    if call not in BATCHES:
        return LibraryMessages([content], {}, None)
    batch = content.get("batch")
    if not isinstance(batch, list):
        raise ProblemError(400, 'Send {"batch": [...]}, a list of messages.', reason="no_batch")
    if len(batch) > limits.max_messages:
        raise ProblemError(
            413,
            f"Send at most {limits.max_messages} messages in one call; split the batch.",
            reason="too_many_messages",
        )
    given = content.get("context")
    context = given if isinstance(given, dict) else {}
    # Escaped to ASCII it is at least as long as it is stored.
    if context and len(json.dumps(context)) * len(batch) > limits.max_context_bytes:
        raise ProblemError(
            413,
            f"Every event has a copy of the batch's context; all copies together may have at most"
            f" {limits.max_context_bytes // 1024} KB. Send less of it, or fewer messages.",
            reason="too_much_context",
        )
    return LibraryMessages(batch, context, content.get("sentAt"))
