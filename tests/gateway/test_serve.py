"""A gateway listens where it can, says where it cannot, and keeps no access log."""

import socket

import httpx
import pytest
from fastapi import FastAPI

from leadops.errors import PermanentError
from leadops.gateway.serve import listen, make_server, serve_in_thread
from tests.plain_http import NO_TLS


def test_a_port_that_is_taken_is_named() -> None:
    with listen("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        assert port
        with pytest.raises(PermanentError, match=f"cannot listen on 127.0.0.1:{port} .*--host and --port"):
            listen("127.0.0.1", port)


def test_an_address_of_either_family_is_listened_to() -> None:
    with listen("127.0.0.1", 0) as four:
        assert four.family == socket.AF_INET
    with pytest.raises(PermanentError, match=r"cannot listen on 203\.0\.113\.1:0"):
        listen("203.0.113.1", 0)


def test_it_believes_no_proxy_and_logs_no_access() -> None:
    config = make_server(FastAPI()).config
    assert (config.access_log, config.proxy_headers, config.server_header) == (False, False, False)


def test_it_serves_while_the_block_runs() -> None:
    app = FastAPI()
    app.add_api_route("/here", lambda: "yes")
    with serve_in_thread(app) as url, httpx.Client(trust_env=False, verify=NO_TLS) as client:
        answer = client.get(f"{url}/here")
    assert (answer.json(), "server" in answer.headers) == ("yes", False)
    with pytest.raises(httpx.ConnectError), httpx.Client(trust_env=False, verify=NO_TLS) as client:
        client.get(f"{url}/here")
