"""What Mautic answers: contacts by their place in the call, and whether each has what was sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.answer_values import read_id, read_score
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.enrolment import Enrolment
from leadops.products.mautic.mautic_codes import find_row_state, read_values
from leadops.products.mautic.mautic_settings import ContactFields
from leadops.products.product_rows import EffectRow, LeadReading, ListedLead, RowResult, RowState, TotalRow

#: Contacts of a page.
PAGE = 200
NOT_ENROLLED = "Mautic answers 200, and the contact has another enrolment"
NOT_WRITTEN = "Mautic answers 200, and the contact has another score"


def read_totals(body: Any, rows: Sequence[TotalRow], fields: ContactFields) -> dict[int, RowResult]:
    """Return what became of each total, by lead_id; a row that the answer does not place is missing.

    A contact counts as written if it has its own id and the score that was sent: Mautic leaves out a field
    that it does not know, and answers 200.
    """
    if not isinstance(body, dict):
        return {}
    codes, contacts, errors = (read_places(body.get(name)) for name in ("statusCodes", "contacts", "errors"))
    if len(codes) != len(rows):
        return {}
    sent = {row.external_id for row in rows}
    results: dict[int, RowResult] = {}
    for place, row in enumerate(rows):
        code, contact, error = codes.get(place), contacts.get(place), errors.get(place)
        if isinstance(error, dict) or (isinstance(code, int) and code >= 400):
            message = error.get("message") if isinstance(error, dict) else "no message"
            number = code if isinstance(code, int) else 0
            results[row.lead_id] = RowResult(find_row_state(number), f"Mautic {number}: {message}")
        elif isinstance(contact, dict):
            results[row.lead_id] = _read_written(contact, row, sent, fields)
    return results


def _read_written(
    contact: Mapping[str, Any], row: TotalRow, sent: set[str], fields: ContactFields
) -> RowResult:
    found = read_id(contact.get("id"))
    if found != row.external_id:
        # The contact that a merge left stands for the other; one of this call is only in the wrong place.
        return RowResult(RowState.UNKNOWN if found is None or found in sent else RowState.MOVED)
    if read_score(read_values(contact).get(fields.score)) != row.points:
        return RowResult(RowState.UNKNOWN, NOT_WRITTEN)
    return RowResult(RowState.DONE)


def read_places(value: Any) -> dict[int, Any]:
    """Return what stands at each place: PHP writes an array without gaps as a list, others as an object."""
    if isinstance(value, list):
        return dict(enumerate(value))
    if isinstance(value, dict):
        return {int(place): item for place, item in value.items() if str(place).isdecimal()}
    return {}


def read_contact(body: Any) -> dict[str, Any]:
    """Return the contact of an answer about one; raise AnswerShapeError if there is none."""
    contact = body.get("contact") if isinstance(body, dict) else None
    if not isinstance(contact, dict):
        raise AnswerShapeError("Mautic contact: the answer holds no contact")
    return contact


def read_field_score(contact: Mapping[str, Any], fields: ContactFields) -> int | None:
    """Return the score in leadops' own field: 0 where it is empty, None where it is missing or unreadable."""
    value = read_values(contact).get(fields.score, False)
    return 0 if value is None or value == "" else read_score(value)


def read_reading(
    contact: Mapping[str, Any], external_id: str, score: int | None, fields: ContactFields
) -> LeadReading:
    """Return the contact as it is; one of another id stands for it since a merge."""
    found = read_id(contact.get("id"))
    if found is None:
        raise AnswerShapeError("Mautic contact: the answer holds no id")
    if found != external_id:
        return LeadReading(score, LeadAbsence(AbsenceWord.MERGED, found))
    seq = None if fields.seq is None else read_score(read_values(contact).get(fields.seq))
    return LeadReading(score, score_seq=seq)


def read_listed(contact: Mapping[str, Any], score: int | None, fields: ContactFields) -> ListedLead:
    """Return a contact of a page."""
    values = read_values(contact)
    email = values.get("email")
    return ListedLead(
        external_id=read_id(contact.get("id")),
        score=score,
        email=email if isinstance(email, str) and email else None,
        our_id=read_id(values.get(fields.external_id)),
    )


def read_enrolled(body: Any, effect: EffectRow, mark: str) -> RowResult:
    """Return what became of an enrolment: a field that Mautic does not know is left out of a 200."""
    values = read_values(read_contact(body))
    if mark not in values:
        return RowResult(RowState.DEAD, f"Mautic has no field {mark}: make it, or correct products.yaml")
    is_there = values[mark] == Enrolment.read(effect.values).name
    return RowResult(RowState.DONE if is_there else RowState.UNKNOWN, None if is_there else NOT_ENROLLED)


def read_page(body: Any) -> tuple[list[dict[str, Any]], str | None]:
    """Return the contacts of a page and the id after which the next one begins; None on the last one.

    Raises AnswerShapeError if it is not a page.
    """
    contacts = body.get("contacts") if isinstance(body, dict) else None
    found = list(contacts.values()) if isinstance(contacts, dict) else contacts
    if not isinstance(found, list) or not all(isinstance(contact, dict) for contact in found):
        raise AnswerShapeError("Mautic contacts: the answer is not a page of contacts")
    ids = [int(text) for contact in found if (text := read_id(contact.get("id"))) and text.isdecimal()]
    return found, str(max(ids)) if len(found) >= PAGE and ids else None
