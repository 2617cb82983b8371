"""What HubSpot's statuses, policies and categories mean: one table for whole calls, one for rows.

Sources: HubSpot's guides "Error handling", "API usage guidelines" and "Contacts" (2026-09).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from leadops.clients.call_outcomes import Answered, HttpAnswer, Outcome, Postponed, Refused, Throttled
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.mask import mask_text
from leadops.products.product_rows import QuotaReading, RowState

#: Seconds to wait after a 429 without Retry-After, by policyName. The quota knows when a used-up day ends.
POLICY_WAITS = {"DAILY": 60.0, "TEN_SECONDLY_ROLLING": 10.0, "SECONDLY": 1.0}
#: Seconds: a lock lasts two of them. A move of the account between data centres lasts up to a day.
LOCK_WAIT, MOVE_WAIT, LONGEST_MOVE_WAIT = 2.0, 3_600.0, 86_400.0
#: What the category of a row's error means; any other is unknown.
ROW_CATEGORIES = {
    "VALIDATION_ERROR": RowState.DEAD,
    "OBJECT_NOT_FOUND": RowState.GONE,
    "CONFLICT": RowState.AGAIN,
    "LOCKED": RowState.AGAIN,
    "RATE_LIMIT": RowState.AGAIN,
    "RATE_LIMITS": RowState.AGAIN,
}
#: Codes of a property that is missing or that we may not write: every row fails until somebody changes that.
PROPERTY_FAULTS = ("PROPERTY_DOESNT_EXIST", "READ_ONLY_VALUE")
_FAULTS = {
    "PROPERTY_DOESNT_EXIST": "does not exist",
    "NOT_UNIQUE": "does not exist, or its values are not unique",
}
#: Not a row's fault either, so that it makes no dead letters: the category of credentials.
OUR_FAULT = 403
#: How the scopes of subscriptions begin.
MAIL_SCOPE = "communication_preferences"
#: What to change where a path is not served, by HubSpot or by whoever answers in its place.
WRONG_WAY = "correct api_version of hubspot in products.yaml, or `host` of the connection"
#: The same in the message of a row, where it has no codes.
_PROPERTY_FAULT = re.compile(rf'"error":"({"|".join(PROPERTY_FAULTS)})","name":"(\w{{1,100}})"')
#: The same of the property by which contacts are made and found.
_NOT_UNIQUE = re.compile(r"by non-unique \S{1,20} property: (\w{1,100})")
_EXISTING_ID = re.compile(r"Existing ID: (\d{1,20})\b")
#: HubSpot's words for a record that is not there, where an answer has no category.
_NOT_FOUND = ("resource not found", "object not found")


def classify_hubspot(answer: HttpAnswer, outcome: Outcome) -> Outcome:
    """Return what an answer means for the call as a whole; `outcome` is what its status means."""
    body = answer.body if isinstance(answer.body, dict) else {}
    message = mask_text(body.get("message") or "", longest=200)
    if answer.status == OUR_FAULT and MAIL_SCOPE in str(body):
        # Scores do not need this scope: the opt-out alone is refused.
        return Refused(422, f"HTTP 403: give the key the scope {MAIL_SCOPE}.read_write: {message}")
    if fault := find_property_fault(body):
        return Refused(OUR_FAULT, f"HTTP {answer.status}: {fault}", is_setup=True)
    match answer.status:
        case 400 | 409 if find_existing_id(body) is not None:
            return Answered(answer.status, body)
        case 423:
            return Postponed("the record is locked (423)", LOCK_WAIT)
        case 429:
            policy = str(body.get("policyName") or "").upper()
            wait = read_seconds(answer.headers.get("Retry-After"), POLICY_WAITS.get(policy, 10.0))
            return Throttled(wait, f"asked to wait (429 {policy or 'without a policy'})")
        case 477:
            wait = read_seconds(answer.headers.get("Retry-After"), MOVE_WAIT)
            return Throttled(wait, "the account is being moved to another data centre (477)")
        case 404 if is_not_found(body):
            return Refused(404, f"HTTP 404: {message}", LeadAbsence(AbsenceWord.NOT_FOUND))
        case 404 | 410 if "category" not in body:
            reason = f"HTTP {answer.status}: {message or 'nothing is there'}; {WRONG_WAY}"
            return Refused(OUR_FAULT, reason, is_setup=True)
    if isinstance(outcome, Refused) and message:
        return Refused(outcome.status, f"HTTP {answer.status}: {message}", outcome.absence)
    return outcome


def read_hubspot_quota(answer: HttpAnswer) -> QuotaReading | None:
    """Return what an answer says of the account's day: its headers, or that nothing is left."""
    headers = answer.headers
    limit = _read_count(headers.get("X-HubSpot-RateLimit-Daily"))
    left = _read_count(headers.get("X-HubSpot-RateLimit-Daily-Remaining"))
    if answer.status == 429 and isinstance(answer.body, dict) and answer.body.get("policyName") == "DAILY":
        return QuotaReading(used=limit or 0, limit=limit or 0)
    if limit is None or left is None:
        return None
    return QuotaReading(used=max(limit - left, 0), limit=limit)


def find_property_fault(body: Mapping[str, Any]) -> str | None:
    """Return which property HubSpot does not have or does not let us write, if an answer says so."""
    for error in [body, *list_errors(body)]:
        if found := _PROPERTY_FAULT.search(str(error.get("message") or "")):
            return _describe_fault(found[1], found[2])
        if found := _NOT_UNIQUE.search(str(error.get("message") or "")):
            return _describe_fault("NOT_UNIQUE", found[1])
        for detail in list_errors(error):
            if detail.get("code") in PROPERTY_FAULTS:
                context = detail.get("context")
                names = context.get("propertyName") if isinstance(context, dict) else None
                name = names[0] if isinstance(names, list) and names else "of products.yaml"
                return _describe_fault(str(detail["code"]), str(name))
    return None


def _describe_fault(code: str, name: str) -> str:
    what = _FAULTS.get(code, "is read only")
    return mask_text(f"the contact's property {name} {what} (docs/products/hubspot.md)", longest=200)


def find_existing_id(error: Mapping[str, Any]) -> str | None:
    """Return the id of the contact that has the address or the key already, if an error names it."""
    found = _EXISTING_ID.search(str(error.get("message") or ""))
    return found[1] if found else None


def is_not_found(body: Mapping[str, Any]) -> bool:
    """Whether a 404 is HubSpot's word about a record, not that of a proxy or of a wrong address."""
    if body.get("category") == "OBJECT_NOT_FOUND":
        return True
    words = str(body.get("message") or "").lower()
    return body.get("status") == "error" and "correlationId" in body and words.startswith(_NOT_FOUND)


def list_errors(body: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the entries of `errors`, as far as they are objects."""
    errors = body.get("errors")
    yield from (error for error in (errors if isinstance(errors, list) else []) if isinstance(error, dict))


def read_seconds(text: str | None, otherwise: float) -> float:
    """Return the whole seconds of a Retry-After, at most a day; `otherwise` where it says none."""
    is_number = text is not None and text.strip().isdecimal() and len(text.strip()) <= 6
    return min(float(text or 0), LONGEST_MOVE_WAIT) if is_number else otherwise


def _read_count(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() and len(text) <= 9 else None
