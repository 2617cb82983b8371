from typing import Any

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from leadops_sandbox.settings import Tokens

from ..conftest import Running

METADATA = {"event_type": "leadops_message", "event_payload": {"key": "incident-1"}}


@pytest.fixture
def client(sandbox: Running) -> WebClient:
    return WebClient(Tokens().slack, base_url=f"{sandbox.url}/api/", timeout=60, retry_handlers=[])


def refusal(call: Any, **values: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**values)
    return str(refused.value.response["error"])


def test_a_message_is_posted_edited_and_answered_in_its_thread(sandbox: Running, client: WebClient) -> None:
    posted = client.chat_postMessage(channel="#alerts", text="late", metadata=METADATA)
    channel, ts = posted["channel"], posted["ts"]
    assert client.chat_postMessage(channel="alerts", text="other")["channel"] == channel
    client.chat_postMessage(channel=channel, text="still late", thread_ts=ts)
    edited = client.chat_update(channel=channel, ts=ts, text="in time again")
    assert (edited["ts"], edited["text"]) == (ts, "in time again")

    plain = client.conversations_history(channel=channel)["messages"]
    assert [message["text"] for message in plain] == ["other", "in time again"]
    assert not any("metadata" in message for message in plain)
    full = client.conversations_history(channel=channel, include_all_metadata=True)["messages"]
    assert full[1]["metadata"] == METADATA
    assert "edited" in full[1]
    assert "edited" not in full[0]
    thread = client.conversations_replies(channel=channel, ts=ts)["messages"]
    assert [message["text"] for message in thread] == ["in time again", "still late"]
    assert sandbox.admin("GET", "/_state").json()["slack"]["edits"] == 1


def test_every_ts_is_different_even_when_the_clock_stands(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel="C0LEADOPS", text=str(n))["ts"] for n in range(5)]
    assert stamps == sorted(set(stamps))


def test_history_is_paged_and_bounded(sandbox: Running, client: WebClient) -> None:
    stamps = []
    for number in range(5):
        stamps.append(client.chat_postMessage(channel="C0LEADOPS", text=str(number))["ts"])
        sandbox.clock.forward(seconds=1)
    texts: list[str] = []
    cursor = ""
    while True:
        page = client.conversations_history(channel="C0LEADOPS", limit=2, cursor=cursor)
        texts += [message["text"] for message in page["messages"]]
        cursor = page["response_metadata"]["next_cursor"]
        assert page["has_more"] == bool(cursor)
        if not cursor:
            break
    assert texts == ["4", "3", "2", "1", "0"]
    bounds = {"oldest": stamps[1], "latest": stamps[3]}
    inner = client.conversations_history(channel="C0LEADOPS", **bounds)["messages"]
    assert [message["text"] for message in inner] == ["2"]
    outer = client.conversations_history(channel="C0LEADOPS", inclusive=True, **bounds)["messages"]
    assert [message["text"] for message in outer] == ["3", "2", "1"]
    assert client.conversations_history(channel="C0UNUSED00")["messages"] == []


def test_slack_says_no_with_200_and_a_word(sandbox: Running, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="#alerts", text="x")["ts"]
    assert refusal(client.chat_postMessage, channel="", text="x") == "channel_not_found"
    assert refusal(client.api_call, api_method="chat.postMessage", json={"channel": "c"}) == "no_text"
    assert refusal(client.chat_postMessage, channel="c", text="x", thread_ts="1.0") == "thread_not_found"
    assert refusal(client.chat_update, channel="C0LEADOPS", ts=ts, text="x") == "message_not_found"
    assert refusal(client.chat_update, channel="#alerts", ts=ts, text="x") == "channel_not_found"
    assert refusal(client.conversations_history, channel="alerts") == "channel_not_found"
    assert refusal(client.conversations_replies, channel="C0LEADOPS", ts="1.0") == "thread_not_found"
    wrong = WebClient("xoxb-wrong", base_url=f"{sandbox.url}/api/", retry_handlers=[])
    assert refusal(wrong.auth_test) == "invalid_auth"
    assert requests.post(f"{sandbox.url}/api/auth.test", timeout=60).json()["error"] == "not_authed"
    broken = sandbox.slack(
        "POST", "/api/chat.postMessage", data="{", headers={"Content-Type": "application/json"}
    )
    assert broken.json() == {"ok": False, "error": "invalid_json"}


def test_arguments_may_come_as_a_form(sandbox: Running, client: WebClient) -> None:
    form = {"channel": "C0LEADOPS", "text": "form", "metadata": '{"event_type":"t","event_payload":{}}'}
    assert sandbox.slack("POST", "/api/chat.postMessage", data=form).json()["ok"] is True
    found = client.conversations_history(channel="C0LEADOPS", include_all_metadata=True)["messages"]
    assert found[0]["metadata"] == {"event_type": "t", "event_payload": {}}


def test_an_edit_without_metadata_keeps_it(client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C0LEADOPS", text="x", metadata=METADATA)["ts"]
    client.chat_update(channel="C0LEADOPS", ts=ts, text="y")
    found = client.conversations_history(channel="C0LEADOPS", include_all_metadata=True)["messages"]
    assert (found[0]["text"], found[0]["metadata"]) == ("y", METADATA)


def test_the_webhook_answers_exactly_ok(sandbox: Running) -> None:
    hook = WebhookClient(f"{sandbox.url}/services/{Tokens().webhook}", timeout=60, retry_handlers=[])
    answer = hook.send(text="from the webhook")
    assert (answer.status_code, answer.body) == (200, "ok")
    channels = sandbox.admin("GET", "/_slack.json").json()["channels"]
    assert [message["text"] for message in channels[0]["messages"]] == ["from the webhook"]
    assert WebhookClient(f"{sandbox.url}/services/a/b/c").send(text="x").body == "no_service"
    url = f"{sandbox.url}/services/{Tokens().webhook}"
    assert requests.post(url, data="x", timeout=60).text == "invalid_payload"
    assert requests.post(url, json={}, timeout=60).text == "no_text"
