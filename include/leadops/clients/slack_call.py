"""One call of Slack's Web API; all that can go wrong becomes one of our errors."""

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from slack_sdk.errors import SlackApiError

from leadops.clients.slack_errors import classify_exception, classify_refusal


def call_slack(method: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    """Call `method` of a WebClient with `values`; raises one of leadops.clients.slack_errors."""
    try:
        return method(**values)
    except SlackApiError as error:
        response = error.response
        raise classify_refusal(
            response.status_code, str(response.get("error", "")), response.headers
        ) from error
    except (OSError, HTTPException, ValueError) as error:
        raise classify_exception(error) from error
