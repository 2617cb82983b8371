"""Events as a server sends them, one in a call or many; no two have the same id."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from benchmarks.gateway_servers import WRITE_KEY
from benchmarks.wire import MakeCall

_HEADERS = f"X-Write-Key: {WRITE_KEY}\r\n"
#: Visitors whose events come in turn.
VISITORS = 10_000


def make_calls(events: int) -> MakeCall:
    """Return what makes a call with so many events: one alone is an object, several are a list."""
    serial = count()
    make_event = _event_maker()

    def make_call(_: int) -> tuple[bytes, str]:
        texts = [make_event(next(serial)) for _ in range(events)]
        body = texts[0] if events == 1 else f"[{','.join(texts)}]"
        return body.encode(), _HEADERS

    return make_call


def _event_maker() -> Callable[[int], str]:
    """Return what writes event number n; only what differs is written each time."""
    sample = json.dumps(
        {
            "event_id": "EVENT_ID",
            "event": "page_view",
            "ts": datetime.now(UTC).isoformat(),
            "anonymous_id": "VISITOR",
            "properties": {"path": "/pricing", "title": "Pricing", "seconds": 41, "scrolled": 0.75},
            "context": {
                "page": "https://www.example.com/pricing",
                "utm": {"source": "newsletter", "campaign": "summer"},
                "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            },
        }
    )
    head, tail = sample.split("EVENT_ID")
    middle, tail = tail.split("VISITOR")
    run = f"{datetime.now(UTC).timestamp():.6f}"
    return lambda n: f"{head}{run}-{n}{middle}visitor-{n % VISITORS}{tail}"
