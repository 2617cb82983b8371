"""What each answer of Slack, and each missing one, says about the message."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from leadops.clients.chat import ApiChat, Chat, Posted, WebhookChat
from leadops.clients.slack_errors import (
    ChatBusyError,
    ChatRefusedError,
    ChatUnknownError,
    ChatUnreachableError,
    MessageGoneError,
)
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.left_as_found import share_sandbox

CHANNEL = "C012345678"
BLOCKS = [{"type": "section", "text": {"type": "mrkdwn", "text": "hello"}}]
NOW = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("sandbox")
    with serve_in_thread(folder, clock=lambda: NOW) as url, share_sandbox(url, fixture="sandbox"):
        yield url


@pytest.fixture
def chat(sandbox: str) -> Iterator[Chat]:
    yield ApiChat(WebClient(Tokens().slack, base_url=f"{sandbox}/api/", timeout=60), CHANNEL)
    requests.delete(f"{sandbox}/_faults", timeout=60).raise_for_status()


class Answers(BaseHTTPRequestHandler):
    """Answers every call with the next of `script`: status, headers, body."""

    script: list[tuple[int, dict[str, str], str]]
    calls: int

    def do_POST(self) -> None:
        type(self).calls += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        status, headers, body = self.script[0]
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def scripted() -> Iterator[tuple[str, type[Answers]]]:
    """A server that says what the test wants, and its URL."""
    handler = type("Scripted", (Answers,), {"script": [], "calls": 0})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    server.server_close()


def post(chat: Chat, key: str = "k", thread: Posted | None = None) -> Posted:
    return chat.post(text="hello", blocks=BLOCKS, payload={"key": key, "shows": "x"}, thread=thread)


def test_a_message_is_posted_found_again_and_edited(chat):
    posted = post(chat, "one")
    assert posted.channel == CHANNEL
    found = chat.find("one", since=NOW)
    assert found == Posted(CHANNEL, posted.ts, {"key": "one", "shows": "x"})
    chat.update(posted, text="bye", blocks=[])
    assert chat.find("one", since=NOW) == found, "an edit keeps what the message carries"
    assert chat.find("two", since=NOW) is None


def test_a_reply_is_found_in_its_thread_only(chat):
    parent = post(chat, "parent")
    reply = post(chat, "reply", thread=parent)
    assert chat.find("reply", since=NOW) is None
    found = chat.find("reply", since=NOW, thread=parent)
    assert found is not None
    assert found.ts == reply.ts


def test_a_message_is_found_on_a_later_page_but_not_before_its_time(chat, monkeypatch):
    monkeypatch.setattr("leadops.clients.chat.PAGE", 2)
    post(chat, "deep")
    for number in range(5):
        post(chat, f"above {number}")
    assert chat.find("deep", since=NOW) is not None
    assert chat.find("deep", since=NOW + timedelta(minutes=6)) is None


@pytest.mark.parametrize(
    ("kind", "error", "is_there"),
    [
        ("429", ChatBusyError, False),
        ("500", ChatUnknownError, False),
        ("timeout_before", ChatUnknownError, False),
        ("timeout_after", ChatUnknownError, True),
        ("reset_before", ChatUnknownError, False),
        ("reset_after", ChatUnknownError, True),
        ("half_answer", ChatUnknownError, True),
    ],
)
def test_faults_are_judged_and_nothing_is_posted_again_by_itself(sandbox, chat, kind, error, is_there):
    fault = {"target": "slack", "kind": kind, "count": 1, "seconds": 10, "retry_after": 7}
    requests.post(f"{sandbox}/_faults", json=fault, timeout=60).raise_for_status()
    client = WebClient(Tokens().slack, base_url=f"{sandbox}/api/", timeout=2 if "timeout" in kind else 60)  # type: ignore[arg-type]
    with pytest.raises(error) as raised:
        post(ApiChat(client, CHANNEL), f"with {kind}")
    if isinstance(raised.value, ChatBusyError):
        assert raised.value.retry_after == 7
    assert (chat.find(f"with {kind}", since=NOW) is not None) is is_there


def test_nobody_there_is_surely_nothing_posted(unused_url):
    with pytest.raises(ChatUnreachableError):
        post(ApiChat(WebClient("xoxb-1", base_url=unused_url, timeout=1), CHANNEL))
    with pytest.raises(ChatUnreachableError):
        post(WebhookChat(WebhookClient(unused_url, timeout=1)))


@pytest.fixture
def unused_url(scripted: tuple[str, type[Answers]]) -> str:
    """A URL at which nobody answers any more."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.server_close()
    return f"http://127.0.0.1:{server.server_port}/"


@pytest.mark.parametrize(
    ("status", "body", "error", "text"),
    [
        (
            200,
            '{"ok":false,"error":"invalid_auth"}',
            ChatRefusedError,
            "password of the connection leadops_slack",
        ),
        (200, '{"ok":false,"error":"channel_not_found"}', ChatRefusedError, "`channel` in alerts.yaml"),
        (200, '{"ok":false,"error":"not_in_channel"}', ChatRefusedError, "invite the app"),
        (200, '{"ok":false,"error":"something_new"}', ChatRefusedError, "something_new"),
        (200, '{"ok":false,"error":"internal_error"}', ChatUnknownError, "trouble"),
        (200, '{"ok":false,"error":"ratelimited"}', ChatBusyError, "30 s"),
        (200, "<html>a proxy</html>", ChatUnknownError, "not readable"),
        (404, "<html>nothing here</html>", ChatRefusedError, "http_404"),
        (503, "<html>down</html>", ChatUnknownError, "HTTP 503"),
        (409, "{}", ChatUnknownError, "HTTP 409"),
        (408, "5", ChatUnknownError, "HTTP 408"),
        (500, "[1]", ChatUnknownError, "whole answer|HTTP 500"),
        (302, "[1]", ChatUnknownError, "whole answer|HTTP 302"),
        (501, '{"ok":false}', ChatRefusedError, "http_501"),
        (421, "{}", ChatBusyError, "30 s"),
    ],
)
def test_each_answer_has_its_meaning(scripted, status, body, error, text):
    url, handler = scripted
    handler.script[:] = [(status, {}, body)]
    with pytest.raises(error, match=text):
        post(ApiChat(WebClient("xoxb-1", base_url=url, timeout=60), CHANNEL))
    assert handler.calls == 1


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7), ("0", 1), ("-5", 30), ("nan", 30), ("inf", 30), ("soon", 30), ("86400", 3600), (None, 30)],
)
@pytest.mark.parametrize("status", [429, 425])
def test_a_pause_is_never_nothing_and_never_for_ever(scripted, status, retry_after, seconds):
    url, handler = scripted
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    handler.script[:] = [(status, headers, '{"ok":false,"error":"ratelimited"}')]
    for chat in (ApiChat(WebClient("xoxb-1", base_url=url), CHANNEL), WebhookChat(WebhookClient(url))):
        with pytest.raises(ChatBusyError) as raised:
            post(chat)
        assert raised.value.retry_after == seconds


@pytest.mark.parametrize(("code", "deleted"), [("message_not_found", True), ("edit_window_closed", False)])
def test_a_message_that_cannot_be_edited_is_gone(scripted, code, deleted):
    url, handler = scripted
    handler.script[:] = [(200, {}, f'{{"ok":false,"error":"{code}"}}')]
    chat = ApiChat(WebClient("xoxb-1", base_url=url, timeout=60), CHANNEL)
    with pytest.raises(MessageGoneError) as raised:
        chat.update(Posted(CHANNEL, "1.1"), text="x", blocks=[])
    assert raised.value.deleted is deleted


@pytest.mark.parametrize(
    ("status", "headers", "body", "error", "text"),
    [
        (404, {}, "no_service", ChatRefusedError, "make a new one"),
        (429, {"Retry-After": "3"}, "", ChatBusyError, "3 s"),
        (500, {}, "rollup_error", ChatUnknownError, "HTTP 500"),
        (200, {}, "<html>a proxy</html>", ChatUnknownError, "not readable"),
    ],
)
def test_a_webhook_is_judged_too(scripted, status, headers, body, error, text):
    url, handler = scripted
    handler.script[:] = [(status, headers, body)]
    with pytest.raises(error, match=text):
        post(WebhookChat(WebhookClient(url, timeout=60)))
    assert handler.calls == 1


def test_a_webhook_can_only_post(sandbox):
    webhook = WebhookChat(WebhookClient(f"{sandbox}/services/T/B/X", timeout=60))
    assert not webhook.can_edit
    assert post(webhook) == Posted(payload={"key": "k", "shows": "x"})
    with pytest.raises(NotImplementedError):
        webhook.find("k", since=NOW)
    with pytest.raises(NotImplementedError):
        webhook.update(Posted(), text="", blocks=[])


def test_a_file_is_brought_first_and_shown_later(chat):
    assert chat.files is not None
    file_id = chat.files.upload("report.png", b"picture")
    assert not chat.files.is_shared(file_id)
    chat.files.share(file_id, title="Report", text="three sentences")
    assert chat.files.is_shared(file_id)
    assert WebhookChat(WebhookClient("http://127.0.0.1:1/services/T/B/X")).files is None


@pytest.mark.parametrize(
    ("error", "sees"),
    [
        ("missing_scope", ChatRefusedError),
        ("ratelimited", ChatBusyError),
        ("internal_error", ChatUnknownError),
    ],
)
def test_what_slack_says_of_a_file_is_judged_like_a_message(scripted, error, sees):
    url, answers = scripted
    answers.script = [(200, {}, f'{{"ok": false, "error": "{error}"}}')]
    chat = ApiChat(WebClient("xoxb-x", base_url=f"{url}/api/", timeout=60), CHANNEL)
    with pytest.raises(sees):
        chat.files.upload("report.png", b"picture")


def test_bytes_that_are_not_taken_were_not_shown(scripted):
    url, answers = scripted
    answers.script = [(200, {}, f'{{"ok": true, "file_id": "F1", "upload_url": "{url}/upload"}}')]
    chat = ApiChat(WebClient("xoxb-x", base_url=f"{url}/api/", timeout=60), CHANNEL)
    assert chat.files.upload("report.png", b"picture") == "F1"
    answers.script = [(200, {}, '{"ok": true, "file_id": "F1", "upload_url": "http://127.0.0.1:1/upload"}')]
    with pytest.raises(ChatUnknownError):
        chat.files.upload("report.png", b"picture")
