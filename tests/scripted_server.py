"""A server that answers byte for byte what a test says: what other systems send is not always sound JSON."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

#: (method, path with its query, body) → status and body.
Respond = Callable[[str, str, bytes], tuple[int, bytes]]


def _answer_nothing(_method: str, _path: str, _body: bytes) -> tuple[int, bytes]:
    return 200, b"{}"


@dataclass
class ScriptedServer:
    """The address of a running server, and what it answers; a test may change that at any time."""

    url: str
    respond: Respond = field(default=_answer_nothing)
    #: More fields of every answer.
    headers: dict[str, str] = field(default_factory=dict)
    #: The Date of every answer, in place of the time now.
    date: str | None = None


@contextmanager
def serve_script() -> Iterator[ScriptedServer]:
    """Run a server in a thread."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = script.respond(self.command, self.path, sent)
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            for name, value in script.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return script.date or super().date_time_string(timestamp)  # type: ignore[arg-type]

        do_GET = do_POST = do_PATCH = do_DELETE = _respond

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script = ScriptedServer(f"http://127.0.0.1:{server.server_port}")
    Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
