"""A small web site on an origin of its own, under a strict Content-Security-Policy."""

import io
import re
import threading
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

GUIDE = Path(__file__).parents[2] / "docs" / "tracking.md"
ENDPOINT = "https://events.example.com"

#: Every page has these; a test clicks on them.
BODY = """
<a id="prices" href="/pricing">Prices</a>
<a id="guide" href="/documents/guide.pdf">Guide</a>
<a id="away" href="/about">About</a>
<button id="compare" data-leadops="view_comparison" data-leadops-dwell-seconds="75"><b>Compare</b></button>
"""
TAG = (
    'data-pricing="/pricing" data-documents="/documents/" data-search="q s" data-products="LeadOps, lead ops"'
)


class Site:
    """Serves pages that include the gateway's leadops.js; `pages` maps paths to (content type, bytes)."""

    def __init__(self, gateway: str) -> None:
        self.gateway = gateway
        self.pages: dict[str, tuple[str, bytes]] = {
            "/clip.wav": ("audio/wav", make_silence(8)),
            "/hour.wav": ("audio/wav", make_silence(62)),
        }
        self.policy = (
            f"default-src 'none'; script-src {gateway}; connect-src {gateway}; media-src 'self';"
            " form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
        )
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, path: str, *, tag: str = TAG, body: str = BODY) -> None:
        """Serve a page at `path` whose script tag has the attributes `tag`."""
        script = f'<script defer src="{self.gateway}/leadops.js" {tag}></script>'
        page = f'<!doctype html><meta charset="utf-8"><title>t</title>{script}{body}'
        self.pages[path] = ("text/html; charset=utf-8", page.encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, content = site.pages.get(urlsplit(self.path).path) or site.pages["/"]
                part = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
                first, size = int(part[1]) if part else 0, len(content)
                content = content[first:]
                self.send_response(206 if part else 200)
                if part:  # without it a player cannot skip
                    self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(content)))
                self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        return Handler


def make_silence(seconds: int) -> bytes:
    """Return a WAV file, for a <video> needs no pictures."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(8000)
        sound.writeframes(b"\x80" * 8000 * seconds)
    return file.getvalue()


def read_guide(gateway: str) -> tuple[str, str, str]:
    """Return the example page, its script and its policy from docs/tracking.md, for `gateway`."""
    text = GUIDE.read_text(encoding="utf-8").replace(ENDPOINT, gateway)
    (page,) = re.findall(r"```html\n(.*?)```", text, re.DOTALL)
    script, *_ = re.findall(r"```js\n(.*?)```", text, re.DOTALL)
    (policy,) = re.findall(r"Content-Security-Policy: (.*)\n```", text)
    return page, script, policy
