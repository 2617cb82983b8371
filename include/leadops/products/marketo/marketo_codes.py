"""Marketo's codes: nearly every answer is HTTP 200, and the body says what became of the call and its rows.

The numbers and their meanings are those of Marketo's page "Error Codes". A code of the 6xx means that nothing
was done (but for a time-out, which leadops does not believe unseen).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from leadops.calendar.local_days import local_midnight
from leadops.clients.call_outcomes import (
    Answered,
    HttpAnswer,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    TokenExpired,
    Unknown,
)
from leadops.products.product_client import read_date
from leadops.products.product_rows import RowState

#: Seconds after 100 calls in 20 seconds, and after 10 calls at once.
BURST_PAUSE, CROWD_PAUSE = 20.0, 2.0
#: Seconds until the subscription is asked again that cannot be reached.
SUBSCRIPTION_PAUSE = 60.0
#: So long after midnight a used-up quota may still be that of the day before: the clocks of the two sides
#: differ, and summer time may not count there.
NEW_DAY, NEW_DAY_PAUSE = timedelta(hours=2), timedelta(minutes=15)
#: Seconds to wait with a used-up quota where the answer does not say its time.
BLIND_PAUSE = 1800.0

DAILY_QUOTA = "607"
#: Codes for which a new token helps.
TOKEN_CODES = frozenset({"601", "602"})
#: Refusals that concern leadops itself, and what to change: all calls would be refused.
CALLER_CODES = {
    "600": (401, "the call carried no token"),
    "603": (
        403,
        "the role of the API user lacks Read-Write Lead, Read-Only Activity, Execute Campaign or Read-Only"
        " Asset, or Admin > Web Services limits the addresses that may call",
    ),
    "605": (403, "`host` of the connection leads elsewhere than to Marketo's REST API"),
    "610": (403, "`host` of the connection leads elsewhere than to Marketo's REST API"),
}
#: Those of them that speak of the way to Marketo, not of whom it trusts.
WAY_CODES = frozenset({"605", "610"})
#: The outcome is not certain.
UNSURE_CODES = frozenset({"604", "611", "713"})
#: Only this call has to wait: its leads are in use.
LATER_CODES = frozenset({"608", "719"})
#: Refusals of what the call holds. A smaller call may be taken.
CONTENT_CODES = frozenset({"609", "612", "701", "702", "703", "704", "709", "710", "711", "712", "718"})

NO_LEAD, NO_FIELD, SEVERAL = "1004", "1006", "1007"
#: What the reason of a skipped row means; any other code would be refused again.
ROW_STATES = {
    NO_LEAD: RowState.MOVED,  # deleted, or merged: the log of merges says which lead stands for it
    "1019": RowState.AGAIN,  # an import is in progress
    "1022": RowState.AGAIN,  # the lead is in use
}
ROW_ADVICE = {
    SEVERAL: "several leads have this address: merge them in Marketo, then retry",
}


def classify_code(answer: HttpAnswer, outcome: Outcome, *, zone: ZoneInfo) -> Outcome | TokenExpired:
    """Return what a whole answer means; `outcome` is what its status means."""
    error = find_error(answer.body)
    if error is None:
        missing = find_missing_field(answer.body)
        return outcome if missing is None else Refused(403, missing, is_setup=True)
    code, message = error
    reason = f"Marketo {code}: {message}"
    if code in TOKEN_CODES:
        return TokenExpired(reason)
    if code == DAILY_QUOTA:
        return Throttled(find_quota_end(answer, zone), f"the quota of the day is used up ({code})")
    if code == "606":
        return Throttled(BURST_PAUSE, f"more than 100 calls in 20 seconds ({code})")
    if code == "615":
        return Throttled(CROWD_PAUSE, f"more than 10 calls at once ({code})")
    if code == "614":
        return Throttled(SUBSCRIPTION_PAUSE, f"the subscription cannot be reached ({code})")
    if code in CALLER_CODES:
        status, advice = CALLER_CODES[code]
        return Refused(status, f"{reason}; {advice}", is_setup=code in WAY_CODES)
    if code in LATER_CODES:
        return Postponed(reason)
    if code == NO_LEAD:
        # Of a call with rows this is the word of a row; a request of a campaign has no rows.
        return Answered(answer.status, answer.body)
    if code in CONTENT_CODES or (len(code) == 4 and code.startswith("1")):
        return Refused(422, reason)
    return Unknown(reason, answer.status)


def find_quota_end(answer: HttpAnswer, zone: ZoneInfo) -> float:
    """Return the seconds until the day of the quota ends, by the time that the answer states."""
    now = read_server_time(answer)
    if now is None:
        return BLIND_PAUSE
    today = now.astimezone(zone).date()
    if now - local_midnight(today, zone) < NEW_DAY:
        return NEW_DAY_PAUSE.total_seconds()
    return (local_midnight(today + timedelta(days=1), zone) - now).total_seconds()


def read_server_time(answer: HttpAnswer) -> datetime | None:
    """Return the time (UTC) of an answer by its Date, None without a readable one."""
    return read_date(answer.headers.get("Date"))


def find_error(body: Any) -> tuple[str, str] | None:
    """Return code and message of a call that failed as a whole; None for one that did not."""
    if not isinstance(body, dict) or body.get("success") is not False:
        return None
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return str(first.get("code") or "without a code"), str(first.get("message") or "no message")


def find_missing_field(body: Any) -> str | None:
    """Return what to change where every row was skipped for a field that Marketo does not have.

    The rows are fine: each would die of a name in products.yaml.
    """
    rows = body.get("result") if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows:
        return None
    reasons = [read_reason(row) for row in rows]
    if any(reason is None or reason[0] != NO_FIELD for reason in reasons):
        return None
    message = reasons[0][1] if reasons[0] else ""
    return f"Marketo {NO_FIELD}: {message}; make the field, or correct its name in products.yaml"


def read_reason(row: Any) -> tuple[str, str] | None:
    """Return code and message of a skipped row, None of another."""
    if not isinstance(row, Mapping) or row.get("status") != "skipped":
        return None
    reasons = row.get("reasons")
    first = reasons[0] if isinstance(reasons, list) and reasons and isinstance(reasons[0], dict) else {}
    return str(first.get("code") or "without a code"), str(first.get("message") or "no message")
