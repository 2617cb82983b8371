"""Each route on the wire: what is sent where, and that an error names the call."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from leadops.clients.cdp import CdpClient
from leadops.clients.chat import ApiChat, Posted, WebhookChat
from leadops.errors import PermanentError, TransientError
from leadops.products.crm_client import CrmClient
from leadops.products.product_client import ProductClient
from leadops.products.product_rows import ScoreRow
from leadops.settings import Endpoint
from tests.scripted_server import ScriptedServer, serve_script

#: 09:00 UTC; five minutes before it is 1777625700.
SINCE = datetime(2026, 5, 1, 9, tzinfo=UTC)
BLOCKS = [{"type": "divider"}]


@dataclass
class Wire:
    """A server whose answers are taken from `answers` in turn, the last one for good; it notes its calls."""

    script: ScriptedServer
    answers: list[tuple[int, bytes]] = field(default_factory=lambda: [(200, b"{}")])
    calls: list[tuple[str, str, bytes]] = field(default_factory=list)

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        self.calls.append((method, path, body))
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(base_url=self.script.url, timeout=30)

    @property
    def slack(self) -> ApiChat:
        return ApiChat(WebClient("xoxb-t", base_url=f"{self.script.url}/api/", timeout=30), "C1")

    def slack_values(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the Slack method and the values of each call, which come as JSON, a form or a query."""
        return [_read_slack_call(path, body) for _, path, body in self.calls]


def _read_slack_call(path: str, body: bytes) -> tuple[str, dict[str, Any]]:
    name, _, query = path.partition("?")
    if body.startswith(b"{"):
        values = json.loads(body)
    else:
        values = {key: value for key, (value,) in parse_qs(body.decode() or query).items()}
    return name.removeprefix("/api/"), values


@pytest.fixture
def wire() -> Iterator[Wire]:
    with serve_script() as script:
        opened = Wire(script)
        script.respond = opened.respond
        yield opened


def test_each_route_of_the_cdp(wire: Wire) -> None:
    wire.answers = [(202, b'{"accepted": 1}'), (200, b'{"minutes_lag": 1}')]
    cdp = CdpClient(wire.endpoint)
    cdp.collect(b'[{"event": "a"}]')
    cdp.lag()
    cdp.close()
    assert wire.calls == [("POST", "/collect", b'[{"event": "a"}]'), ("GET", "/metrics/lag", b"")]


def test_each_route_of_the_crm(wire: Wire) -> None:
    wire.answers = [(200, b'{"items": [], "cursor": null, "as_of": "2026-05-01T09:00:00Z"}')]
    crm = CrmClient(wire.endpoint)
    page = crm.activities(after="c 1", limit=7)
    crm.reps()
    crm.close()
    assert page == {"items": [], "cursor": None, "as_of": "2026-05-01T09:00:00Z"}
    assert wire.calls == [("GET", "/v1/activities?limit=7&after=c+1", b""), ("GET", "/v1/reps", b"")]


def test_each_route_of_the_ma(wire: Wire) -> None:
    ma = ProductClient(wire.endpoint)
    one, two = ScoreRow(1, 9, "7", 5, "r", "n-1"), ScoreRow(2, 9, "7", -5, "r", "n-2")
    ma.send(ma.product.make_score_call([one, two]), key="k1")
    ma.send(ma.product.make_score_call([one]), key="k2")
    ma.get_lead("L-1")
    ma.get_lead("a/b?")
    wire.answers = [(200, b'{"items": [{"id": 1}, null], "cursor": 5}'), (200, b'{"items": [{"id": 2}]}')]
    assert [lead.external_id for lead in ma.iterate_leads()] == ["1", None, "2"]
    first = b'{"deltaId":"n-1","leadId":7,"delta":5,"reason":"r"}'
    second = b'{"deltaId":"n-2","leadId":7,"delta":-5,"reason":"r"}'
    assert wire.calls == [
        ("POST", "/api/bulk/update_scores", b'{"updates":[%s,%s]}' % (first, second)),
        ("POST", "/api/lead/score", first),
        ("GET", "/api/leads/L-1", b""),
        ("GET", "/api/leads/a%2Fb%3F", b""),
        ("GET", "/api/leads?after=&limit=1000", b""),
        ("GET", "/api/leads?after=5&limit=1000", b""),
    ]


def test_a_page_that_leads_to_itself_ends_the_walk(wire: Wire) -> None:
    wire.answers = [(200, b'{"items": [1], "cursor": 5}')]
    with pytest.raises(TransientError, match=r"^MA leads: .* leads to no other page"):
        list(ProductClient(wire.endpoint).iterate_leads())
    assert len(wire.calls) == 2


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda to: CdpClient(to).lag(), "CDP lag"),
        (lambda to: CrmClient(to).activities(after=None, limit=1), "CRM activities"),
        (lambda to: CrmClient(to).reps(), "CRM reps"),
        (lambda to: list(ProductClient(to).iterate_leads()), "MA leads"),
    ],
)
def test_every_error_names_its_call(wire: Wire, call: Callable[[Endpoint], Any], name: str) -> None:
    wire.answers = [(404, b'{"detail": "gone"}')]
    with pytest.raises(PermanentError, match=f"^{name}: HTTP 404: gone$"):
        call(wire.endpoint)
    wire.answers = [(500, b"")]
    with pytest.raises(TransientError, match=f"^{name}: HTTP 500$"):
        call(wire.endpoint)
    wire.answers = [(200, b"7")]
    with pytest.raises(TransientError, match=f"^{name}: the answer is not "):
        call(wire.endpoint)
    wire.answers = [(200, b"{}")]
    with pytest.raises(TransientError, match=f"^{name}: the answer "):
        call(wire.endpoint)


def test_a_post_on_the_wire(wire: Wire) -> None:
    wire.answers = [(200, b'{"ok": true, "ts": "1.5", "channel": "C2"}')]
    posted = wire.slack.post(text="hello", blocks=BLOCKS, payload={"key": "k"})
    assert posted == Posted("C2", "1.5", {"key": "k"})
    wire.slack.post(text="reply", blocks=[], payload={}, thread=posted)
    wire.slack.post(text="no reply", blocks=[], payload={}, thread=Posted("C3"))
    (first, message), (_, reply), (_, other) = wire.slack_values()
    assert first == "chat.postMessage"
    assert message == {
        "channel": "C1",
        "text": "hello",
        "blocks": [{"type": "divider"}],
        "metadata": {"event_type": "leadops_message", "event_payload": {"key": "k"}},
        "unfurl_links": False,
    }
    assert (reply["channel"], reply["thread_ts"]) == ("C2", "1.5")
    assert (other["channel"], other.get("thread_ts")) == ("C1", None)


def test_an_edit_on_the_wire(wire: Wire) -> None:
    wire.answers = [(200, b'{"ok": true}')]
    wire.slack.update(Posted("C2", "1.5"), text="bye", blocks=BLOCKS)
    assert wire.slack_values() == [
        ("chat.update", {"channel": "C2", "ts": "1.5", "text": "bye", "blocks": [{"type": "divider"}]})
    ]


def test_a_look_on_the_wire_ends_after_twenty_pages(wire: Wire) -> None:
    wire.answers = [(200, b'{"ok": true, "messages": [], "response_metadata": {"next_cursor": "n"}}')]
    assert wire.slack.find("k", since=SINCE) is None
    calls = wire.slack_values()
    assert len(calls) == 20
    first = {"channel": "C1", "oldest": "1777625700.000000", "include_all_metadata": "1", "limit": "200"}
    assert calls[0] == ("conversations.history", first)
    assert calls[1:] == [("conversations.history", first | {"cursor": "n"})] * 19


def test_a_look_into_a_thread_on_the_wire(wire: Wire) -> None:
    wire.answers = [(200, b'{"ok": true, "messages": []}')]
    assert wire.slack.find("k", since=SINCE, thread=Posted("C2", "1.5")) is None
    assert wire.slack.find("k", since=SINCE, thread=Posted("C2")) is None
    (replies, values), (history, of_the_channel) = wire.slack_values()
    assert (replies, values["channel"], values["ts"]) == ("conversations.replies", "C2", "1.5")
    assert (history, of_the_channel["channel"], of_the_channel.get("ts")) == (
        "conversations.history",
        "C1",
        None,
    )


def test_a_file_on_the_wire(wire: Wire) -> None:
    place = f'{{"ok": true, "upload_url": "{wire.script.url}/up", "file_id": "F1"}}'.encode()
    wire.answers = [(200, place), (200, b"OK"), (200, b'{"ok": true}')]
    files = wire.slack.files
    assert files is not None
    file_id = files.upload("report.png", b"picture")
    files.share(file_id, title="Report", text="three sentences")
    asked, (method, path, content), shared = wire.calls
    assert _read_slack_call(*asked[1:]) == (
        "files.getUploadURLExternal",
        {"filename": "report.png", "length": "7"},
    )
    assert (method, path, content) == ("POST", "/up", b"picture")
    name, values = _read_slack_call(*shared[1:])
    assert name == "files.completeUploadExternal"
    assert values | {"files": json.loads(values["files"])} == {
        "files": [{"id": "F1", "title": "Report"}],
        "channel_id": "C1",
        "initial_comment": "three sentences",
    }


@pytest.mark.parametrize("place", ["channels", "groups", "ims", "shares"])
def test_a_file_is_shown_wherever_slack_shows_it(wire: Wire, place: str) -> None:
    files = wire.slack.files
    assert files is not None
    wire.answers = [(200, json.dumps({"ok": True, "file": {place: ["C1"], "title": "x"}}).encode())]
    assert files.is_shared("F1")
    wire.answers = [(200, json.dumps({"ok": True, "file": {place: [], "title": "x"}}).encode())]
    assert not files.is_shared("F1")
    wire.answers = [(200, b'{"ok": true, "file": ["channels"]}')]
    assert not files.is_shared("F1")
    assert wire.slack_values() == [("files.info", {"file": "F1"})] * 3


def test_a_webhook_on_the_wire(wire: Wire) -> None:
    wire.answers = [(200, b"ok")]
    webhook = WebhookChat(WebhookClient(f"{wire.script.url}/services/T/B/X", timeout=30))
    webhook.post(text="hello", blocks=BLOCKS, payload={"key": "k"})
    ((method, path, body),) = wire.calls
    assert (method, path) == ("POST", "/services/T/B/X")
    assert json.loads(body) == {"text": "hello", "blocks": [{"type": "divider"}], "unfurl_links": False}
