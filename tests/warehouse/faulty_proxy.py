"""A proxy before the emulator that answers some calls as Google does on a bad day."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import requests

#: (method, path, body) → the status and the reason of Google's error; None: the emulator answers.
Fault = Callable[[str, str, bytes], tuple[int, str] | None]
#: What each of the two connections says for itself.
OWN = {
    "host",
    "connection",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "accept-encoding",
    "date",
}


@contextmanager
def run_proxy(url: str, fault: Fault) -> Iterator[str]:
    """Yield the address of a proxy to `url`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if found := fault(self.command, self.path, body):
                status, reason = found
                error = {"code": status, "message": "no", "errors": [{"reason": reason, "message": "no"}]}
                self._answer(
                    status, json.dumps({"error": error}).encode(), {"Content-Type": "application/json"}
                )
                return
            kept = {name: value for name, value in self.headers.items() if name.lower() not in OWN}
            got = requests.request(self.command, url + self.path, data=body, headers=kept, timeout=60)
            self._answer(got.status_code, got.content, dict(got.headers))

        def _answer(self, status: int, content: bytes, fields: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in fields.items():
                if name.lower() not in OWN:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
