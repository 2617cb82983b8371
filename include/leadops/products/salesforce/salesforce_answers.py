"""What an answer of Salesforce means for the call as a whole: an ended session, a quota, a busy server."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Refused, Throttled, TokenExpired
from leadops.mask import mask_text
from leadops.products.product_rows import QuotaReading
from leadops.products.salesforce.salesforce_codes import (
    FIELD_ADVICE,
    FIELD_CODES,
    SalesforceError,
    read_errors,
)

ENDED = {"INVALID_SESSION_ID", "INVALID_AUTH_HEADER"}
USED_UP = "REQUEST_LIMIT_EXCEEDED"
#: A 403 of this code is about calls that run at once, unless it speaks of all the calls of a day.
DAY_WORDS = "TotalRequests"
#: `Sforce-Limit-Info: api-usage=18/5000; per-app-api-usage=17/250(appName=leadops)`
USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")
#: Salesforce does not serve the path. No record is meant: records are asked for by queries.
NOT_SERVED = {"NOT_FOUND", "UNSUPPORTED_API_VERSION"}
WRONG_WAY = "correct api_version of salesforce in products.yaml, or `host` of the connection"
#: Refusals that speak of the row or the record of the call, whose codes are read one by one.
ABOUT_ROWS = (400, 404)


def classify_salesforce(
    answer: HttpAnswer,
    outcome: Outcome,
    *,
    busy_seconds: float,
    used_up_seconds: float,
    own_fields: Collection[str] = (),
) -> Outcome | TokenExpired:
    """Return what an answer means for the call as a whole; `outcome` is what its status means.

    A refusal with Salesforce's own errors about a row is an answer, to be read as one; a path that it does
    not serve is a refusal of us, since every call would meet it. So is one of `own_fields`, those of leadops,
    that is missing or not ours to write, whichever row it was of: no row would be taken. Salesforce does not
    say when calls are free again: after the given seconds it is asked once more.
    """
    errors = read_errors(answer.body)
    codes = {error.code for error in errors}
    if answer.status == 401 and (codes & ENDED or not answer.body):
        return TokenExpired("Salesforce's session has ended")
    if USED_UP in codes and is_day_over(errors):
        return Throttled(used_up_seconds, "the calls of the last 24 hours are used up")
    if USED_UP in codes or answer.status == 420 or "SERVER_UNAVAILABLE" in codes:
        stated = getattr(outcome, "retry_after", None)
        text = errors[0].message if errors else f"asked to wait ({answer.status})"
        return Throttled(stated or busy_seconds, mask_text(text))
    if answer.status in (404, 410) and errors and (answer.status == 410 or codes & NOT_SERVED):
        text = mask_text(f"HTTP {answer.status}: {errors[0].code}: {errors[0].message}", longest=200)
        return Refused(403, f"{text}; {WRONG_WAY}", is_setup=True)
    if missing := find_missing_field(errors + list_row_errors(answer.body), own_fields):
        return Refused(403, f"HTTP {answer.status}: {missing}", is_setup=True)
    if answer.status in ABOUT_ROWS and errors:
        return Answered(answer.status, answer.body)
    if isinstance(outcome, Refused) and errors:
        text = mask_text(f"HTTP {answer.status}: {errors[0].code}: {errors[0].message}", longest=200)
        return Refused(outcome.status, text)
    return outcome


def list_row_errors(body: Any) -> list[SalesforceError]:
    """Return the errors of all rows of a collection; none of another answer."""
    rows = body if isinstance(body, list) else []
    return [error for row in rows if isinstance(row, dict) and "success" in row for error in read_errors(row)]


def find_missing_field(errors: Iterable[SalesforceError], own_fields: Collection[str]) -> str | None:
    """Return what to change where an error is about one of `own_fields`."""
    for error in errors:
        if error.code not in FIELD_CODES:
            continue
        for name in own_fields:
            # Whole: the name of another field may end with that of ours.
            if name in error.fields or re.search(rf"\b{re.escape(name)}\b", error.message):
                return mask_text(f"{error.code}: {error.message}; {name}: {FIELD_ADVICE}", longest=300)
    return None


def is_day_over(errors: list[SalesforceError]) -> bool:
    """Whether no call of the rolling day is left, not only none of those that may run at once."""
    return any(error.code == USED_UP and DAY_WORDS in error.message for error in errors)


def read_salesforce_quota(answer: HttpAnswer, *, used_up_seconds: float) -> QuotaReading | None:
    """Return what an answer says of the calls of the last 24 hours, of all who use the organisation."""
    used, limit = read_usage(answer.headers)
    is_used_up = answer.status == 403 and is_day_over(read_errors(answer.body))
    if used is None and not is_used_up:
        return None
    return QuotaReading(used, limit, used_up_seconds if is_used_up else None)


def read_usage(headers: Mapping[str, str]) -> tuple[int | None, int | None]:
    """Return the calls that Sforce-Limit-Info says were made, and granted."""
    found = USAGE.search(headers.get("Sforce-Limit-Info") or "")
    return (int(found[1]), int(found[2])) if found else (None, None)
