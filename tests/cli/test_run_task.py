"""Tasks by hand: the connections come from the environment, and a line says what was done."""

import json
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.cli.context import clock
from leadops.cli.slack import open_chat
from leadops.clients.chat import ApiChat, WebhookChat
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.migrations.rights import Part
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.roles import as_role
from tests.shipped import SHIPPED


def run(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output.strip()


def test_the_minutes_tasks_by_hand(
    connection: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    with serve_in_thread(tmp_path, clock=clock) as url:
        for name in ("cdp", "crm"):
            value = {"conn_type": "http", "host": url, "password": getattr(Tokens(), name, "")}
            monkeypatch.setenv(f"AIRFLOW_CONN_LEADOPS_{name.upper()}", json.dumps(value))
        slack = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{url}/api/"}}
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(slack))
        assert run("qualify").startswith("qualify: 0 mql")
        assert run("poll").startswith("poll: 0 activities")
        assert run("clock").startswith("clock: ")
        assert "open" in run("check")
        connection.execute("insert into incidents.heartbeats (name, succeeded_at) values ('x', now())")
        connection.commit()
        assert run("notify").startswith("notify: ")
        assert run("routing", "notify") == "notify owners: 0 notified, 0 dropped"
        assert requests.get(f"{url}/_slack.json", timeout=60).ok
    assert connection.execute("select count(*) from incidents.heartbeats where name <> 'x'").fetchone() == (
        0,
    ), "by hand is not the DAG's success"


@pytest.mark.parametrize(
    ("connection", "kind"),
    [
        ({"conn_type": "slack", "password": "xoxb-1-2"}, ApiChat),
        (
            {"conn_type": "slackwebhook", "host": "http://127.0.0.1:9/services", "password": "T/B/X"},
            WebhookChat,
        ),
    ],
)
def test_slack_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, connection: dict[str, str], kind: type
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(connection))
    assert isinstance(open_chat(SHIPPED.alerts), kind)


def test_the_webhooks_address_is_the_one_that_airflow_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    from leadops.orchestration.connections import SlackChat

    value = {"conn_type": "slackwebhook", "host": "http://127.0.0.1:9/services", "password": "T/B/X"}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(value))
    by_airflow = SlackChat(SHIPPED.alerts)
    assert by_airflow.can_edit is False
    assert open_chat(SHIPPED.alerts)._client.url == by_airflow._chat._client.url


@pytest.mark.parametrize("text", ["", "xoxb-1", "[]", '{"conn_type": "http"}'])
def test_a_wrong_connection_is_one_line(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", text)
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_LEADOPS_SLACK"):
        open_chat(SHIPPED.alerts)
