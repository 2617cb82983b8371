"""Serves the sandbox: as a process of its own, or in a thread of a test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn

from leadops_sandbox.app import Sandbox, create_app


class Certificate(NamedTuple):
    """What a server needs for TLS: files with its chain of certificates and its key, both PEM."""

    chain: Path
    key: Path


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one. Raises OSError where it cannot."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=2048)


def make_server(app: Sandbox, *, certificate: Certificate | None = None) -> uvicorn.Server:
    """Return a uvicorn server for `app`; run it with the sockets it shall take.

    With a `certificate` it speaks TLS.
    """
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # who calls decides on the admin routes; a header must not
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,  # a fault may hold a connection open for minutes
            ssl_certfile=certificate.chain if certificate else None,
            ssl_keyfile=certificate.key if certificate else None,
        )
    )


@contextmanager
def serve_in_thread(
    state_dir: Path | str, *, certificate: Certificate | None = None, **options: Any
) -> Iterator[str]:
    """Serve a sandbox on a free loopback port while the block runs; yield its URL without a slash at the end.

    With a `certificate` it speaks TLS. `options` are those of `create_app`.
    """
    app = create_app(state_dir, **options)
    server, listener = make_server(app, certificate=certificate), listen("127.0.0.1", 0)
    listener.listen()  # from here on a caller is kept waiting, not refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        app.world.journal.close()
