"""A sender of forms that signs as docs/forms.md says."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from leadops.intake.signature import sign


@dataclass
class FormSender:
    client: httpx.Client
    secret: str
    clock: Callable[[], float] = time.time

    def post(
        self,
        body: dict[str, Any] | bytes,
        *,
        at: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        timestamp = str(int(self.clock() if at is None else at))
        signed = {
            "X-Timestamp": timestamp,
            "X-Signature": sign(self.secret, timestamp, raw),
            "Content-Type": "application/json",
        }
        return self.client.post("/webhook/form", content=raw, headers=signed | (headers or {}))
