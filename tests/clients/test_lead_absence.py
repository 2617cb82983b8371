"""What the MA's answers say about a lead that is gone, worked out by hand."""

from typing import Any

import pytest
import requests

from leadops.clients.call_outcomes import Refused
from leadops.clients.classify_response import classify_response
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence, read_ma_id, read_moved, read_problem


@pytest.mark.parametrize(
    ("status", "problem", "absence"),
    [
        (404, {"code": "lead_not_found"}, LeadAbsence(AbsenceWord.NOT_FOUND)),
        (410, {"code": "lead_deleted"}, LeadAbsence(AbsenceWord.DELETED)),
        (404, {"code": "lead_deleted"}, LeadAbsence(AbsenceWord.DELETED)),
        (410, {"code": "lead_merged", "mergedInto": 48_218}, LeadAbsence(AbsenceWord.MERGED, "48218")),
        (410, {"code": "lead_merged", "mergedInto": "48218"}, LeadAbsence(AbsenceWord.MERGED, "48218")),
        (410, {"code": "lead_merged"}, LeadAbsence(AbsenceWord.MERGED)),
        (410, {"code": "lead_merged", "mergedInto": True}, LeadAbsence(AbsenceWord.MERGED)),
        (410, {"code": "lead_merged", "mergedInto": "me; drop"}, LeadAbsence(AbsenceWord.MERGED)),
        (410, {"code": "lead_deleted", "mergedInto": 48_218}, LeadAbsence(AbsenceWord.DELETED)),
        (404, {"code": "not_found"}, None),  # an API that lacks the route says so, too
        (404, {"code": 404}, None),
        (404, {"code": ["lead_deleted"]}, None),
        (404, {"detail": "lead_deleted"}, None),
        (404, [], None),
        (404, None, None),
        (422, {"code": "lead_deleted"}, None),
    ],
    ids=str,
)
def test_a_problem_document_says_so_with_a_code(
    status: int, problem: Any, absence: LeadAbsence | None
) -> None:
    assert read_problem(status, problem) == absence


def test_the_refusal_of_a_call_carries_the_absence() -> None:
    response = requests.Response()
    response.status_code = 410
    body = b'{"code": "lead_merged", "mergedInto": 9, "detail": "a@b.example was merged"}'
    outcome = classify_response(response, body)
    assert outcome == Refused(410, "HTTP 410: [e-mail] was merged", LeadAbsence(AbsenceWord.MERGED, "9"))
    assert classify_response(response, b"<html>gone</html>") == Refused(410, "HTTP 410: refused")


@pytest.mark.parametrize(
    ("lead", "into"),
    [({"id": 7}, None), ({"id": "7"}, None), ({"id": 9}, "9"), ({"id": None}, None), ({}, None), ([], None)],
    ids=str,
)
def test_a_lead_that_answers_with_another_id_was_merged(lead: Any, into: str | None) -> None:
    moved = read_moved("7", lead)
    assert moved == (into and LeadAbsence(AbsenceWord.MERGED, into))


@pytest.mark.parametrize(
    ("value", "text"),
    [(7, "7"), ("7", "7"), (7.0, None), ("07", None), (0, None), (-7, None), ("٧", None), ("L-7", None)],
)
def test_an_id_of_the_ma_is_a_whole_number(value: Any, text: str | None) -> None:
    assert read_ma_id(value) == text
