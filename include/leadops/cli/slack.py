"""Slack for the command line, from AIRFLOW_CONN_LEADOPS_SLACK; Airflow's tasks use the Slack provider."""

import json
import os
from collections.abc import Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.webhook import WebhookClient

from leadops.clients.chat import ApiChat, Chat, WebhookChat
from leadops.errors import ConfigError
from leadops.incidents.alert_settings import AlertSettings

VARIABLE = "AIRFLOW_CONN_LEADOPS_SLACK"
#: Seconds to wait for Slack.
TIMEOUT = 5


def open_chat(settings: AlertSettings, environ: Mapping[str, str] = os.environ) -> Chat:
    """Return the chat of the connection in `environ`, posting into its channel or else that of `settings`.

    Raises ConfigError when the variable is missing or is not a Slack connection in JSON.
    """
    client, channel = open_slack(settings, environ)
    return WebhookChat(client) if isinstance(client, WebhookClient) else ApiChat(client, channel)


def open_slack(
    settings: AlertSettings, environ: Mapping[str, str] = os.environ
) -> tuple[WebClient | WebhookClient, str]:
    """Return Slack's own client for the connection, and the channel. Raises as `open_chat`."""
    connection = _read_connection(environ)
    extra = connection.get("extra") or {}
    extra = json.loads(extra) if isinstance(extra, str) else extra
    timeout = int(extra.get("timeout", TIMEOUT))
    channel = str(extra.get("channel") or settings.channel)
    token = str(connection.get("password") or "")
    if connection.get("conn_type") == "slackwebhook":
        host = str(connection.get("host") or "https://hooks.slack.com/services").rstrip("/")
        url = token if token.startswith("http") else f"{host}/{token.lstrip('/')}"
        return WebhookClient(url, timeout=timeout), channel
    base_url = extra.get("base_url") or WebClient.BASE_URL
    return WebClient(token, base_url=base_url, timeout=timeout), channel


def _read_connection(environ: Mapping[str, str]) -> dict[str, Any]:
    text = environ.get(VARIABLE, "")
    if not text:
        raise ConfigError(f"{VARIABLE} is not set; give the connection as JSON, the token as its password")
    try:
        connection = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"{VARIABLE} is not a connection in JSON; see docs/configuration.md") from error
    if not isinstance(connection, dict) or connection.get("conn_type") not in ("slack", "slackwebhook"):
        raise ConfigError(f"{VARIABLE} is not a connection of type slack or slackwebhook")
    return connection
