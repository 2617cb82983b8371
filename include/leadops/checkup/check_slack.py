"""The check of the connection to Slack: reached, the token and its scopes, the clocks, the channel."""

from collections.abc import Callable, Iterator
from datetime import datetime

from slack_sdk import WebClient

from leadops.checkup.check_product import check_clock
from leadops.checkup.reach import REACHED, check_reach
from leadops.clients.slack_call import call_slack, call_slack_for_headers
from leadops.errors import LeadopsError
from leadops.products.check_line import CheckLine, CheckState
from leadops.products.product_client import read_date
from leadops.settings import Endpoint

#: What the app needs, and what for. One of several scopes that a comma separates is enough.
SCOPES = {
    "chat:write": "to post and edit messages",
    "channels:history,groups:history": "to find its own messages again",
    "files:write": "for the pictures of reports",
    "files:read": "for the pictures of reports",
}


def check_slack(client: WebClient, channel: str, *, clock: Callable[[], datetime]) -> Iterator[CheckLine]:
    """Yield the lines about Slack's Web API and the channel that leadops posts into. Posts nothing."""
    if client.proxy:
        yield CheckLine.note(REACHED, "through the proxy of HTTPS_PROXY, which Slack's own library uses")
    else:
        reached = list(check_reach(Endpoint(base_url=client.base_url.rstrip("/")), now=clock()))
        yield from reached
        if not any(line.subject == REACHED and line.state is not CheckState.CHANGE for line in reached):
            return
    try:
        answer, headers = call_slack_for_headers(client.auth_test, {})
    except LeadopsError as error:
        yield CheckLine.change("token", str(error))
        return
    yield CheckLine.ok("token", f"of {answer.get('user')} in the workspace {answer.get('team')}")
    yield from check_clock(read_date(headers.get("date")), now=clock())
    yield from check_scopes(headers.get("x-oauth-scopes"))
    try:
        call_slack(client.conversations_history, {"channel": channel, "limit": 1})
    except LeadopsError as error:
        yield CheckLine.change("channel", f"{channel}: {error}")
        return
    yield CheckLine.ok("channel", f"{channel} can be read")


def check_scopes(stated: str | None) -> Iterator[CheckLine]:
    """Yield which scopes the token lacks, by the field X-OAuth-Scopes of an answer."""
    if stated is None:
        yield CheckLine.note("scopes", "Slack does not say which scopes the token has")
        return
    had = {scope.strip() for scope in stated.split(",")}
    missing = {scopes: why for scopes, why in SCOPES.items() if not had & set(scopes.split(","))}
    for scopes, why in missing.items():
        yield CheckLine.change(
            "scopes",
            f"{' or '.join(scopes.split(','))} is missing, {why}; add it at api.slack.com/apps under OAuth &"
            " Permissions, then install the app again",
        )
    if not missing:
        yield CheckLine.ok(
            "scopes", ", ".join(sorted(had & {name for names in SCOPES for name in names.split(",")}))
        )
