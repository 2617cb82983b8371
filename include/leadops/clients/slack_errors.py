"""What Slack's refusals mean: wait, ask again, look first, or change a setting."""

import re
import socket
from collections.abc import Mapping
from urllib.error import URLError

from leadops.clients.retry_after import DEFAULT_RETRY_AFTER, read_retry_after
from leadops.clients.status_codes import Action, find_status_rule
from leadops.errors import LeadopsError, OutcomeUnknownError, PermanentError, TransientError

#: Seconds; a pause of nothing would let all waiting messages knock at once.
SHORTEST_RETRY_AFTER = 1.0

ADVICE = {
    "invalid_auth": "put a valid bot token (xoxb-…) into the password of the connection leadops_slack",
    "not_authed": "put a bot token (xoxb-…) into the password of the connection leadops_slack",
    "account_inactive": "the app was removed or its owner left: install it again, renew the token",
    "token_revoked": "the token was revoked: install the app again and renew the password of leadops_slack",
    "token_expired": "the token has expired: renew the password of the connection leadops_slack",
    "missing_scope": "give the app the scopes chat:write and channels:history (groups:history if private)",
    "channel_not_found": "set `channel` in alerts.yaml to the id of a channel that the app can see",
    "not_in_channel": "invite the app to the channel (/invite @app)",
    "is_archived": "the channel is archived: set `channel` in alerts.yaml to another one",
    "channel_is_archived": "the channel is archived: make a webhook for another one",
    "no_service": "the webhook was removed: make a new one and put it into the connection leadops_slack",
    "action_prohibited": "an admin forbids posting by webhooks here; ask the admin or use a bot token",
    "posting_to_general_channel_denied": "an admin forbids posting there; set another channel",
    "restricted_action": "the workspace forbids the app to post there; ask its admin or set another channel",
}
#: With these, every other call will be refused too.
CONCERNS_ALL = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "no_service"}
)
#: The message cannot be changed any more; nothing to do about it.
DELETED = frozenset({"message_not_found", "thread_not_found"})
GONE = DELETED | {"cant_update_message", "edit_window_closed"}
#: Slack's own troubles. Of some it says itself that a part may have been done.
UNCERTAIN = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "rollup_error"}
)
THROTTLED = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})


class ChatUnreachableError(TransientError):
    """No connection: surely nothing was posted."""


class ChatUnknownError(OutcomeUnknownError):
    """Sent, but without a whole answer: it may have been posted or not."""


class ChatBusyError(TransientError):
    """Slack asks to wait; nothing was posted."""

    def __init__(self, retry_after: float) -> None:
        super().__init__(f"Slack asks to wait {retry_after:.0f} s")
        self.retry_after = retry_after


class ChatRefusedError(PermanentError):
    """Slack will not take it, now or later; the text says what to change."""

    def __init__(self, code: str) -> None:
        advice = ADVICE.get(code, "see docs.slack.dev for what it means")
        super().__init__(f"Slack refused with {code}: {advice}")
        self.code = code
        self.concerns_all = code in CONCERNS_ALL


class MessageGoneError(PermanentError):
    """The message can no longer be changed: somebody deleted it, or the workspace forbids late edits."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the message can no longer be changed ({code})")
        self.deleted = code in DELETED


def classify_refusal(status: int, code: str, headers: Mapping[str, str]) -> LeadopsError:
    """Return the error for an answer other than "ok": HTTP `status`, Slack's error `code`, its headers."""
    action = find_status_rule(status).action
    if status in (421, 425, 429) or code in THROTTLED:
        stated = read_retry_after(headers)
        return ChatBusyError(max(SHORTEST_RETRY_AFTER, DEFAULT_RETRY_AFTER if stated is None else stated))
    # Slack has no keys, so its 409 does not say of which call it speaks.
    if action is Action.READ_BACK or status == 409 or code in UNCERTAIN:
        return ChatUnknownError(f"Slack is in trouble (HTTP {status})")
    if code in GONE:
        return MessageGoneError(code)
    if re.fullmatch(r"[a-z_]{1,60}", code):
        return ChatRefusedError(code)
    if action is Action.DONE:
        return ChatUnknownError("Slack's answer was not readable")
    return ChatRefusedError(f"http_{status}")


def classify_exception(error: Exception) -> LeadopsError:
    """Return the error for a call that ended without an HTTP answer."""
    if isinstance(error, URLError) and isinstance(error.reason, ConnectionRefusedError | socket.gaierror):
        return ChatUnreachableError("Slack cannot be reached: no connection")
    reason = error.reason if isinstance(error, URLError) else error
    return ChatUnknownError(f"Slack gave no whole answer ({type(reason).__name__})")
