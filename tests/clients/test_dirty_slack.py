"""Whatever Slack's answers look like: a message that can be stored, or one of our errors."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk import WebClient

from leadops.clients.chat import ApiChat, Posted
from leadops.clients.slack_errors import ChatRefusedError, ChatUnknownError
from leadops.errors import LeadopsError
from tests.dirty_json import FATAL, HARMLESS
from tests.promises import promise_examples
from tests.scripted_server import ScriptedServer, serve_script

NOW = datetime(2026, 7, 1, tzinfo=UTC)
#: A metadata of our own, and the message that carries it.
OURS = (
    b'{"ts":"1.5","metadata":{"event_type":"leadops_message","event_payload":{"key":"k","shows":"x\\ud83d"}},'
    b"%s}"
)
OTHERS = (
    b"null",
    b"7",
    b'"\\ud83d"',
    b"[]",
    b"{}",
    b'{"metadata":[]}',
    b'{"metadata":{"event_type":"leadops_message","event_payload":null}}',
    b'{"metadata":{"event_type":["leadops_message"],"event_payload":{"key":["k"]}}}',
    b'{"ts":NaN,"text":"\\ud83d"}',
)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        yield running


@pytest.fixture
def chat(server: ScriptedServer) -> ApiChat:
    return ApiChat(WebClient("xoxb-t", base_url=f"{server.url}/api/", timeout=30), "C1")


@settings(
    deadline=None,
    max_examples=promise_examples(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    beside=st.sampled_from(HARMLESS + FATAL), channel=st.sampled_from([b'"C\\u00002"', b"null", b"[1]", b"7"])
)
def test_a_posted_message_can_be_stored(
    chat: ApiChat, server: ScriptedServer, beside: bytes, channel: bytes
) -> None:
    answer = b'{"ok":true,"ts":"1\\u0000.5","channel":%s,%s}' % (channel, beside)
    server.respond = lambda *_: (200, answer)
    if _is_plain_json(answer):
        posted = chat.post(text="hello", blocks=[], payload={})
        assert posted == Posted("C2" if b"C" in channel else "C1", "1.5", {})
    else:  # beyond slack_sdk: the message is looked up later
        with pytest.raises(ChatUnknownError):
            chat.post(text="hello", blocks=[], payload={})


def _is_plain_json(content: bytes) -> bool:
    """Return whether Python's own parser reads it: UTF-8 without control characters in texts."""
    try:
        json.loads(content.decode())
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"[1]",
        b"7",
        b"5",
        b'"ok"',
        b"{",
        b'\xef\xbb\xbf{"ok":true,"ts":"1.5"}',
        b'{"ok":true}',
        b'{"ok":true,"ts":null}',
        b'{"ok":true,"ts":1.5}',
        b'{"ok":true,"ts":"\\u0000"}',
        b'{"ok":false,"error":["channel_not_found"]}',
        b'{"ok":true,"ts":"1.5","deep":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"ok":true,"ts":"1.5","amount":' + b"9" * 5_000 + b"}",
    ],
)
def test_an_answer_that_says_nothing_leaves_the_outcome_unknown(
    chat: ApiChat, server: ScriptedServer, body: bytes
) -> None:
    server.respond = lambda *_: (200, body)
    with pytest.raises(ChatUnknownError):
        chat.post(text="hello", blocks=[], payload={})


def test_a_refusal_beside_dirt_is_a_refusal(chat: ApiChat, server: ScriptedServer) -> None:
    server.respond = lambda *_: (200, b'{"ok":false,"error":"channel_not_found","note":"\\ud83d","at":NaN}')
    with pytest.raises(ChatRefusedError, match="channel_not_found"):
        chat.post(text="hello", blocks=[], payload={})


@settings(
    deadline=None,
    max_examples=promise_examples(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    messages=st.lists(st.sampled_from(OTHERS), max_size=5),
    place=st.integers(0, 5),
    beside=st.sampled_from(
        [b'"subject":"\\ud83d"', b'"worth":NaN', b'"worth":1e400', b'"deep":' + b"[" * 300 + b"]" * 300]
    ),
    cursor=st.sampled_from([b"null", b"7", b'""', b"[]"]),
)
def test_our_message_is_found_among_any_others(
    chat: ApiChat, server: ScriptedServer, messages: list[bytes], place: int, beside: bytes, cursor: bytes
) -> None:
    listed = [*messages[:place], OURS % beside, *messages[place:]]
    pages = {
        False: b'{"ok":true,"messages":[%s],"response_metadata":{"next_cursor":"two"}}' % b",".join(messages),
        True: b'{"ok":true,"messages":[%s],"response_metadata":{"next_cursor":%s}}'
        % (b",".join(listed), cursor),
    }
    server.respond = lambda _method, path, body: (200, pages[b"two" in body or "two" in path])
    assert chat.find("k", since=NOW) == Posted("C1", "1.5", {"key": "k", "shows": "x\ufffd"})
    assert chat.find("another", since=NOW) is None


@pytest.mark.parametrize("messages", [b"null", b"{}", b"7", b'"\\ud83d"', b"[[[]]]"])
def test_what_is_no_list_of_messages_holds_none_of_ours(
    chat: ApiChat, server: ScriptedServer, messages: bytes
) -> None:
    server.respond = lambda *_: (200, b'{"ok":true,"messages":%s,"response_metadata":7}' % messages)
    assert chat.find("k", since=NOW) is None


@pytest.mark.parametrize(
    "body",
    [b'{"ok":true}', b'{"ok":true,"upload_url":7,"file_id":"F"}', b'{"ok":true,"upload_url":"x"}', b"[1]"],
)
def test_a_file_without_a_place_is_not_sent(chat: ApiChat, server: ScriptedServer, body: bytes) -> None:
    assert chat.files
    server.respond = lambda *_: (200, body)
    with pytest.raises(LeadopsError):
        chat.files.upload("a.png", b"x")


@pytest.mark.parametrize("file", [b"null", b"[]", b"7", b'{"shares":null}', b'{"channels":[]}'])
def test_a_file_whose_answer_says_nothing_is_not_shown(
    chat: ApiChat, server: ScriptedServer, file: bytes
) -> None:
    assert chat.files
    server.respond = lambda *_: (200, b'{"ok":true,"file":%s}' % file)
    assert chat.files.is_shared("F") is False
