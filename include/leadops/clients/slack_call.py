"""One call of Slack's Web API; all that can go wrong becomes one of our errors."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError

from leadops.clients.parse_answer import is_unreadable, make_storable
from leadops.clients.slack_errors import ChatUnknownError, classify_exception, classify_refusal


def call_slack(method: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Call `method` of a WebClient with `values`; return the answer, in which every text can be stored.

    Raises one of leadops.clients.slack_errors.
    """
    try:
        data = method(**values).data
    except SlackApiError as error:
        response = error.response
        body = response.data if isinstance(response.data, dict) else {}
        raise classify_refusal(response.status_code, str(body.get("error", "")), response.headers) from error
    # The last two are slack_sdk's own way to fail at an answer that is a list, or that is nested too deeply.
    except (OSError, HTTPException, ValueError, AttributeError, RecursionError) as error:
        raise classify_exception(error) from error
    if not isinstance(data, dict):
        raise ChatUnknownError("Slack's answer was not readable")
    return dict(make_storable(data))


def read_field(answer: Mapping[str, Any], name: str) -> str:
    """Return a text that Slack always sends; raise ChatUnknownError where `answer` lacks it."""
    value = answer.get(name)
    if not isinstance(value, str) or is_unreadable(value) or not value.strip():
        raise ChatUnknownError(f"Slack's answer holds no {name}")
    return value
