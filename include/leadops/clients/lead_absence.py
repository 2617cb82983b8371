"""How the MA says that it does not have a lead: one word for each case, in a row or in a problem document.

| word      | status, code          | a row's status | what it means                             |
|-----------|-----------------------|----------------|-------------------------------------------|
| not_found | 404, `lead_not_found` | `not_found`    | no lead has this id, or any more          |
| deleted   | 410, `lead_deleted`   | `deleted`      | the lead was deleted, and may be restored |
| merged    | 410, `lead_merged`    | `merged`       | the lead `mergedInto` stands for it now   |

A lead that is asked for by its id and answers with another id was merged into that one. A 404 or 410 without
a code says nothing of the lead: a wrong base URL and a proxy answer so, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from leadops.clients.answer_values import read_id


class AbsenceWord(StrEnum):
    """Why the MA does not have a lead."""

    NOT_FOUND = "not_found"
    DELETED = "deleted"
    MERGED = "merged"


@dataclass(frozen=True)
class LeadAbsence:
    """The MA does not have a lead; `merged_into` is its id of the lead that survives, if it says so."""

    word: AbsenceWord
    merged_into: str | None = None


_WORDS = {str(word): word for word in AbsenceWord}
_CODES = {f"lead_{word}": word for word in AbsenceWord}


def read_ma_id(value: Any) -> str | None:
    """Return the MA's id of a lead as text; None unless it is a whole number, which calls need."""
    text = read_id(value)
    is_number = text is not None and text.isascii() and text.isdecimal()
    return text if is_number and not (text or "0").startswith("0") else None


def read_problem(status: int, problem: Any) -> LeadAbsence | None:
    """Return what a 404 or 410 with its problem document says about the lead of the call, if anything."""
    code = problem.get("code") if isinstance(problem, dict) else None
    word = _CODES.get(code) if isinstance(code, str) else None
    if word is None or status not in (404, 410):
        return None
    return _form_absence(word, problem)


def read_row(result: Mapping[str, Any]) -> LeadAbsence | None:
    """Return what the result of one row says about its lead, if the lead is gone."""
    status = result.get("status")
    word = _WORDS.get(status) if isinstance(status, str) else None
    return None if word is None else _form_absence(word, result)


def read_moved(ma_id: str, lead: Any) -> LeadAbsence | None:
    """Return that the lead `ma_id` was merged if the answer to a request for it is the lead of another id."""
    answered_id = read_ma_id(lead.get("id")) if isinstance(lead, dict) else None
    if answered_id is None or answered_id == ma_id:
        return None
    return LeadAbsence(AbsenceWord.MERGED, answered_id)


def _form_absence(word: AbsenceWord, answer: Mapping[str, Any]) -> LeadAbsence:
    return LeadAbsence(word, read_ma_id(answer.get("mergedInto")) if word is AbsenceWord.MERGED else None)
