import json

import pytest

from leadops.clients.chat import ApiChat, WebhookChat
from leadops.orchestration.connections import SlackChat, find_endpoint
from leadops.settings import endpoint
from tests.shipped import SHIPPED


def test_the_dags_read_what_the_command_line_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    connection = {
        "conn_type": "http",
        "host": "https://ma.example.com",
        "port": 8443,
        "password": "a token",
        "extra": {"timeout": 3},
    }
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))

    found = find_endpoint("ma")

    assert found == endpoint("ma")
    assert (found.base_url, found.token, found.timeout) == ("https://ma.example.com:8443", "a token", 3.0)


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        (
            {"conn_type": "slack", "password": "xoxb-1-2", "extra": {"base_url": "http://127.0.0.1:9/api/"}},
            ApiChat,
        ),
        (
            {"conn_type": "slackwebhook", "host": "http://127.0.0.1:9/services", "password": "T/B/X"},
            WebhookChat,
        ),
    ],
)
def test_the_slack_provider_makes_the_chat_when_it_is_first_needed(
    monkeypatch: pytest.MonkeyPatch, connection: dict, kind: type
) -> None:
    chat = SlackChat(SHIPPED.alerts)
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))
    assert chat.can_edit is (kind is ApiChat)
    assert isinstance(chat._chat, kind)
