"""What Mautic's answers mean: a status for a single call; 200 for a batch, with a code for each row."""

from collections.abc import Mapping
from typing import Any

from leadops.clients.call_outcomes import HttpAnswer, Outcome, Refused, TokenExpired
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.product_rows import RowState

NOT_FOUND = LeadAbsence(AbsenceWord.NOT_FOUND)
API_OFF = "switch the API on: Configuration > API Settings > API enabled"
NO_RIGHT = (
    "give the role of the user behind the API credentials the rights to view, edit, create and delete all"
    " contacts, and to view custom fields"
)
#: The code of a row that had no effect and may have one next time: somebody writes the contact right now.
PASSING = frozenset({409, 423, 429, 500, 502, 503})


def classify_mautic(
    answer: HttpAnswer, outcome: Outcome, *, score_field: str | None
) -> Outcome | TokenExpired:
    """Return what a whole answer means; `outcome` is what its status means.

    `score_field` is the alias that a batch has to show in its contacts: Mautic leaves out a field that it
    does not know, and answers 200.
    """
    error = find_error(answer.body)
    if answer.status == 401:
        return TokenExpired(f"Mautic 401: {error or 'access denied'}")
    if answer.status == 403:
        is_off = bool(error) and "API" in str(error) and "enable" in str(error)
        reason = f"Mautic 403: {error or 'no access'}; {API_OFF if is_off else NO_RIGHT}"
        return Refused(403, reason, is_setup=is_off)
    if answer.status == 404 and error is not None:
        # A proxy, and a wrong address, answer 404 without Mautic's own words.
        return Refused(404, f"Mautic 404: {error}", NOT_FOUND)
    if error is not None and isinstance(outcome, Refused):
        return Refused(answer.status, f"Mautic {answer.status}: {error}")
    if find_row_codes(answer.body) == {403}:
        return Refused(403, f"Mautic 403 for every row; {NO_RIGHT}")
    if score_field is not None and lacks_field(answer.body, score_field):
        reason = f"Mautic has no field {score_field}; make it, or correct its alias in products.yaml"
        return Refused(403, reason, is_setup=True)
    return outcome


def lacks_field(body: Any, alias: str) -> bool:
    """Whether the answer to a batch has contacts, and none of them has the field."""
    contacts = body.get("contacts") if isinstance(body, dict) and "statusCodes" in body else None
    found = list(contacts.values()) if isinstance(contacts, dict) else contacts
    if not isinstance(found, list) or not found:
        return False
    return all(alias not in read_values(contact) for contact in found)


def read_values(contact: Any) -> Mapping[str, Any]:
    """Return the fields of a contact by their aliases."""
    fields = contact.get("fields") if isinstance(contact, Mapping) else None
    values = fields.get("all") if isinstance(fields, dict) else None
    return values if isinstance(values, dict) else {}


def find_error(body: Any) -> str | None:
    """Return the message of a call that failed as a whole; None for one that did not."""
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    if not isinstance(first, dict) or "statusCodes" in body:
        return None
    return str(first.get("message") or "no message")


def find_row_codes(body: Any) -> set[Any]:
    """Return the codes of a batch's rows, none of another answer."""
    codes = body.get("statusCodes") if isinstance(body, dict) else None
    if isinstance(codes, Mapping):
        codes = list(codes.values())
    return set(codes) if isinstance(codes, list) and all(isinstance(code, int) for code in codes) else set()


def find_row_state(code: int) -> RowState:
    """Return what the code of a row means that was not written."""
    if code == 404:
        return RowState.MOVED
    return RowState.AGAIN if code in PASSING else RowState.DEAD
