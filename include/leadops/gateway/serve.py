"""Serves the gateway: as its own process, or in a thread of a test."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from leadops.errors import PermanentError

#: Seconds that calls under way have to end after SIGTERM.
GRACE_SECONDS = 15


def make_server(app: FastAPI) -> uvicorn.Server:
    """Return a uvicorn server for `app`, without an access log: addresses and queries are personal data."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # our own settings say whose X-Forwarded-For to believe
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    )


def listen(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    """Return a socket that listens there; port 0 takes a free one. Raises PermanentError where it cannot.

    `is_shared`: other processes of the same user may listen there too (SO_REUSEPORT); the system gives each
    new connection to one of them.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=2048, reuse_port=is_shared)
    except OSError as error:
        raise PermanentError(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another with --host and --port"
        ) from error


@contextmanager
def serve_in_thread(app: FastAPI) -> Iterator[str]:
    """Serve `app` on a free loopback port while the block runs; yield its URL without a slash at the end."""
    server, listener = make_server(app), listen("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=GRACE_SECONDS + 5)
        listener.close()
