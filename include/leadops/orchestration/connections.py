"""Turns Airflow connections into what leadops calls the other systems with."""

from typing import Any

from leadops.clients.chat import ApiChat, Chat, WebhookChat
from leadops.clients.pagerduty import Pager, open_pager_of
from leadops.db import Connection, connect
from leadops.incidents.alert_settings import AlertSettings
from leadops.mask import remember_secrets
from leadops.settings import Endpoint, database_url, endpoint_from_connection

SLACK, PAGERDUTY = "leadops_slack", "leadops_pagerduty"


def open_database(task: str) -> Connection:
    """Open the leadops database for one task."""
    return connect(database_url(), application=f"leadops {task}")


def find_endpoint(name: str) -> Endpoint:
    """Return the endpoint of the Airflow connection leadops_<name> (ma, cdp, crm)."""
    return endpoint_from_connection(_read_fields(_find_connection(f"leadops_{name}")))


def find_connection(conn_id: str) -> dict[str, Any]:
    """Return the fields of an Airflow connection; empty: there is none of that name."""
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        return _read_fields(_find_connection(conn_id))
    except AirflowNotFoundException:
        return {}


class SlackChat:
    """The chat of the connection leadops_slack; the Slack provider makes it when it is first needed.

    In most minutes there is nothing to post, and then the provider is not even loaded.
    """

    def __init__(self, settings: AlertSettings) -> None:
        self._settings = settings
        self._chat: Chat | None = None

    def __getattr__(self, name: str) -> Any:
        if self._chat is None:
            self._chat = _make_chat(self._settings)
        return getattr(self._chat, name)


def _make_chat(settings: AlertSettings) -> Chat:
    connection = _find_connection(SLACK)
    remember_secrets([connection.password or ""])
    if connection.conn_type == "slackwebhook":
        from airflow.providers.slack.hooks.slack_webhook import SlackWebhookHook

        return WebhookChat(SlackWebhookHook(slack_webhook_conn_id=SLACK, timeout=5).get_conn())
    from airflow.providers.slack.hooks.slack import SlackHook

    timeout = int(connection.extra_dejson.get("timeout", 5))
    channel = connection.extra_dejson.get("channel") or settings.channel
    return ApiChat(SlackHook(slack_conn_id=SLACK, timeout=timeout).get_conn(), channel)


def open_pager() -> Pager | None:
    """Return PagerDuty of the connection leadops_pagerduty; None where there is no such connection."""
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = _find_connection(PAGERDUTY)
    except AirflowNotFoundException:
        return None
    return open_pager_of(_read_fields(connection))


def _read_fields(connection: Any) -> dict[str, Any]:
    return {
        "host": connection.host,
        "schema": connection.schema,
        "port": connection.port,
        "login": connection.login,
        "password": connection.password,
        "extra": connection.extra_dejson,
    }


def _find_connection(conn_id: str) -> Any:
    from airflow.sdk import BaseHook

    return BaseHook.get_connection(conn_id)
