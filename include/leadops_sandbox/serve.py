"""Serves the sandbox: as a process of its own, or in a thread of a test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvicorn

from leadops_sandbox.app import Sandbox, create_app


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one. Raises OSError where it cannot."""
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    return socket.create_server((host, port), family=family, backlog=2048)


def make_server(app: Sandbox) -> uvicorn.Server:
    """Return a uvicorn server for `app`; run it with the sockets it shall take."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # who calls decides on the admin routes; a header must not
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=1,  # a fault may hold a connection open for minutes
        )
    )


@contextmanager
def serve_in_thread(state_dir: Path | str, **options: Any) -> Iterator[str]:
    """Serve a sandbox on a free loopback port while the block runs; yield its URL without a slash at the end.

    `options` are those of `create_app`.
    """
    app = create_app(state_dir, **options)
    server, listener = make_server(app), listen("127.0.0.1", 0)
    listener.listen()  # from here on a caller is kept waiting, not refused
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()
        app.world.journal.close()
