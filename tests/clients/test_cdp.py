import json
from typing import Any

import httpx
import pytest

from leadops.clients.call_outcomes import Answered, Refused, Unreachable
from leadops.clients.cdp import CdpClient
from leadops.errors import PermanentError, TransientError
from leadops.settings import Endpoint
from tests.gateway.conftest import KEY, TOKEN, Serve, item, serve
from tests.scripted_server import serve_script

__all__ = ["item", "serve"]  # fixtures


def client(server: httpx.Client, *, token: str = TOKEN, **options: Any) -> CdpClient:
    return CdpClient(Endpoint(base_url=str(server.base_url).rstrip("/"), token=token), **options)


def test_events_go_in_with_the_write_key(serve: Serve, item: dict[str, Any]) -> None:
    server = serve()
    body = json.dumps([item]).encode()
    answer = client(server, write_key=KEY).collect(body)
    assert answer == Answered(202, {"accepted": 1, "duplicates": 0, "quarantined": [], "changed": []})
    refused = client(server).collect(body)
    assert isinstance(refused, Refused)
    assert "X-Write-Key" in refused.reason


def test_history_is_asked_for(serve: Serve, item: dict[str, Any]) -> None:
    server = serve()
    body = json.dumps(item | {"ts": "2018-07-01T00:00:00Z"}).encode()
    for history in (False, True):
        answer = client(server, write_key=KEY, history=history).collect(body)
        assert isinstance(answer, Answered)
        assert answer.body["accepted"] == int(history)


def test_the_lag(serve: Serve) -> None:
    server = serve()
    assert client(server).lag()["minutes_lag"] == 0.0
    assert client(server, token=f"{TOKEN},an-older-token-0123").lag()["minutes_lag"] == 0.0
    with pytest.raises(PermanentError, match="LEADOPS_METRICS_TOKEN"):
        client(server, token="wrong").lag()


def test_nobody_there() -> None:
    nobody = CdpClient(Endpoint(base_url="http://127.0.0.1:1"))
    assert isinstance(nobody.collect(b"[]"), Unreachable)
    with pytest.raises(TransientError):
        nobody.lag()


@pytest.mark.parametrize(
    ("body", "lag"),
    [
        (b'\xef\xbb\xbf{"minutes_lag": 2.5, "note": "\\ud83d", "share": NaN}', 2.5),
        (b'{"minutes_lag": NaN}', None),
        (b'{"minutes_lag": 1e400}', None),
        (b'{"minutes_lag": true}', None),
        (b'{"minutes_lag": "2"}', None),
        (b"[2]", None),
        (b"", None),
    ],
)
def test_a_lag_is_a_finite_number_whatever_stands_beside_it(body: bytes, lag: float | None) -> None:
    with serve_script() as script:
        script.respond = lambda *_: (200, body)
        cdp = CdpClient(Endpoint(base_url=script.url, timeout=30))
        if lag is None:
            with pytest.raises(TransientError, match="CDP lag"):
                cdp.lag()
        else:
            assert cdp.lag()["minutes_lag"] == lag
        cdp.close()
