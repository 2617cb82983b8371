"""What Odoo's errors mean: the name of a Python exception, inside HTTP 200 or with a status of its own.

| exception | what it means |
|---|---|
| AccessDenied, SessionExpired | another login; then our key is refused |
| AccessError | our user may not do it: our credentials count as refused until somebody gives the right |
| the same of mail.blacklist | the opt-out alone is dead: scores do not need that right |
| MissingError of crm.lead | the lead is gone: deleted, or merged |
| MissingError of another model | what the call names (a salesperson) does not exist: dead |
| ValueError, KeyError of a field | the field does not exist or may not be read: dead, and what to do |
| the same of the score's field | our settings count as refused, until the field is there |
| ValidationError, UserError | a rule of the company refuses the record: dead |
| of psycopg2: no such database | the connection is wrong: our credentials count as refused |
| of psycopg2: serialization, lock, deadlock, … | the transaction was rolled back: again |
| a limit of calls | again, after a pause |
| AttributeError, TypeError, NameError | this version has no such method: dead |
| any other | the transaction was rolled back: again |

An error in Odoo rolls its transaction back, so none of them had an effect.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leadops.clients.call_outcomes import HttpAnswer, Outcome, Postponed, Refused, Throttled, TokenExpired
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.mask import mask_text

#: Seconds until a call after a limit of the server.
LIMIT_PAUSE = 30.0
NO_WAY_IN = (
    "Odoo does not have this way in: `odoo.api` in products.yaml has to be json-rpc until 18, json-2 since 19"
)
#: Scores go on where the user of leadops may not write this.
OPTIONAL_MODEL = "mail.blacklist"
#: What is refused that a smaller call would not change: it does not lead to smaller ones.
NEVER_TAKEN = 501
#: Words in an error of `load` about another transaction that was faster.
PASSING = (
    *("already exist", "could not serialize", "deadlock", "could not obtain lock", "Unknown database error"),
)
_FIELD = re.compile(r"[Ii]nvalid field|field .* does not exist|Unknown field")
_FIELD_NAME = re.compile(r"^'?[a-z][a-z0-9_]{0,62}'?$")


@dataclass(frozen=True)
class OdooFault:
    """An error of Odoo: the name of its exception and its message."""

    name: str
    message: str

    @property
    def short_name(self) -> str:
        """The name without its modules."""
        return self.name.rsplit(".", 1)[-1]


def find_fault(answer: HttpAnswer) -> OdooFault | None:
    """Return the error that an answer holds, in JSON-RPC or in JSON-2; None where it holds none."""
    body = answer.body
    if not isinstance(body, dict):
        return None
    if "jsonrpc" in body:
        error = body.get("error")
        if not isinstance(error, dict):
            return None
        data = error.get("data")
        found = data if isinstance(data, dict) else error
    elif answer.status >= 400:
        found = body
    else:
        return None
    return OdooFault(str(found.get("name") or ""), str(found.get("message") or ""))


def classify_odoo_answer(
    answer: HttpAnswer, outcome: Outcome, *, needed: Sequence[str] = ()
) -> Outcome | TokenExpired:
    """Return what an answer means for the call; `outcome` is what its status means.

    Without one of the `needed` fields every call would fail: that stops the target.
    """
    fault = find_fault(answer)
    if answer.status in (404, 405) and (fault is None or not fault.name.startswith("odoo.")):
        # Every call goes there: it is the connection that is wrong, not the call.
        return Refused(403, NO_WAY_IN, is_setup=True)
    if fault is None:
        return outcome
    text = mask_text(fault.message or fault.name, longest=200)
    match fault.short_name:
        case "AccessDenied" | "SessionExpiredException" | "Unauthorized":
            return TokenExpired(f"Odoo refuses the login or the key: {text}")
        case "AccessError" | "Forbidden" if OPTIONAL_MODEL in fault.message:
            return Refused(422, f"give the user of leadops the right to write {OPTIONAL_MODEL}: {text}")
        case "AccessError" | "Forbidden":
            return Refused(403, f"the user of leadops lacks a right in Odoo: {text}")
        case "MissingError":
            if "crm.lead(" in fault.message:
                return Refused(404, "the lead is gone", LeadAbsence(AbsenceWord.NOT_FOUND))
            return Refused(NEVER_TAKEN, text)
        case "ValidationError" | "UserError" | "RedirectWarning":
            return Refused(422, text)
        case "ValueError" | "KeyError" if _FIELD.search(fault.message) or _FIELD_NAME.match(fault.message):
            is_needed = any(name in fault.message for name in needed)
            reason = f"a field does not exist in Odoo; make it, or name another in products.yaml: {text}"
            return Refused(403 if is_needed else NEVER_TAKEN, reason, is_setup=is_needed)
        case "ValueError" | "KeyError" | "AttributeError" | "TypeError" | "NameError":
            return Refused(NEVER_TAKEN, f"{fault.short_name}: {text}")
        case "OperationalError" if "database" in fault.message and "does not exist" in fault.message:
            return Refused(403, f"`database` in the connection's extra: {text}", is_setup=True)
        case "TooManyRequests" | "RateLimitExceeded":
            return Throttled(LIMIT_PAUSE, f"asked to wait: {text}")
    return Postponed(f"{fault.short_name}: {text}")


def find_row_faults(messages: Any) -> dict[int, list[dict[str, Any]]]:
    """Return the errors in the messages of `load`, by the place of the row that each is about."""
    found: dict[int, list[dict[str, Any]]] = {}
    for message in messages if isinstance(messages, list) else []:
        if not isinstance(message, dict) or message.get("type") != "error":
            continue
        place = message.get("record")
        rows = message.get("rows")
        if not isinstance(place, int) and isinstance(rows, dict):
            place = rows.get("from")
        if isinstance(place, int):
            found.setdefault(place, []).append(message)
    return found


def is_passing(message: str) -> bool:
    """Whether an error of `load` is of the moment: another transaction was faster."""
    return any(words in message for words in PASSING)
