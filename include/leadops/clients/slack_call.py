"""One call of Slack's Web API; all that can go wrong becomes one of our errors."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError

from leadops.clients.answer_shapes import AnswerShapeError, read_object, read_text
from leadops.clients.parse_answer import make_storable
from leadops.clients.slack_errors import ChatUnknownError, classify_exception, classify_refusal


def call_slack(method: Callable[..., Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Call `method` of a WebClient with `values`; return the answer, in which every text can be stored.

    Raises one of leadops.clients.slack_errors.
    """
    return call_slack_for_headers(method, values)[0]


def call_slack_for_headers(
    method: Callable[..., Any], values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what `call_slack` does, and the header fields of the answer by their names in small letters."""
    try:
        response = method(**values)
        data, fields = response.data, dict(response.headers)
    except SlackApiError as error:
        response = error.response
        body = response.data if isinstance(response.data, dict) else {}
        raise classify_refusal(response.status_code, str(body.get("error", "")), response.headers) from error
    # The last two are slack_sdk's own way to fail at an answer that is a list, or that is nested too deeply.
    except (OSError, HTTPException, ValueError, AttributeError, RecursionError) as error:
        raise classify_exception(error) from error
    try:
        answer = dict(make_storable(read_object(data, "Slack")))
    except AnswerShapeError as error:
        raise ChatUnknownError(str(error)) from error
    return answer, {str(name).lower(): str(value) for name, value in fields.items()}


def read_field(answer: Mapping[str, Any], name: str) -> str:
    """Return a text that Slack always sends; raise ChatUnknownError where `answer` lacks it."""
    try:
        return read_text(answer, name, "Slack")
    except AnswerShapeError as error:
        raise ChatUnknownError(str(error)) from error
