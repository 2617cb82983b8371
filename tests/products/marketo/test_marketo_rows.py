"""What Marketo answers row by row, written by hand as its pages show it."""

from typing import Any

import pytest

from leadops.clients.answer_shapes import AnswerShapeError
from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.marketo.marketo_rows import read_listed, read_reading, read_single, read_totals
from leadops.products.marketo.marketo_settings import LeadFields
from leadops.products.product_rows import LeadReading, ListedLead, RowResult, RowState, TotalRow

FIELDS = LeadFields(score="leadopsScore", external_id="leadopsId", seq="leadopsScoreSeq")
ROWS = [TotalRow(9, 1, "50", 17), TotalRow(12, 2, "51", -3), TotalRow(4, 3, "52", 0)]


def skip(code: str, message: str = "no") -> dict[str, Any]:
    return {"status": "skipped", "reasons": [{"code": code, "message": message}]}


def test_rows_are_read_in_the_order_of_the_call() -> None:
    body = {
        "success": True,
        "result": [{"id": 50, "status": "updated"}, skip("1004", "Lead not found"), skip("1003", "Bad")],
    }
    assert read_totals(body, ROWS) == {
        1: RowResult(RowState.DONE, external_id="50"),
        2: RowResult(RowState.MOVED, "Marketo 1004: Lead not found"),
        3: RowResult(RowState.DEAD, "Marketo 1003: Bad"),
    }


@pytest.mark.parametrize(
    "body",
    [
        {"success": True, "result": [{"id": 50, "status": "updated"}]},
        {"success": True},
        {"success": True, "result": {"50": "updated"}},
        {"result": [{"id": 50, "status": "updated"}] * 3},
        [],
        None,
    ],
)
def test_another_number_of_rows_says_nothing_of_any(body: Any) -> None:
    assert read_totals(body, ROWS) == {}


def test_a_result_with_another_id_than_the_row_is_not_done() -> None:
    body = {
        "success": True,
        "result": [
            {"id": 51, "status": "updated"},
            {"id": 50, "status": "updated"},
            {"id": 52, "status": "pending"},
        ],
    }
    states = {lead: result.state for lead, result in read_totals(body, ROWS).items()}
    assert states == dict.fromkeys((1, 2, 3), RowState.UNKNOWN)


@pytest.mark.parametrize(
    ("code", "state"),
    [("1004", RowState.MOVED), ("1007", RowState.DEAD), ("1022", RowState.AGAIN), ("1019", RowState.AGAIN)]
    + [(code, RowState.DEAD) for code in ("1001", "1002", "1003", "1005", "1008", "1011", "9999")],
)
def test_each_reason_has_its_state(code: str, state: RowState) -> None:
    assert read_single({"success": True, "result": [skip(code)]}).state is state


def test_a_lead_that_was_made_says_its_id_and_several_say_what_to_do() -> None:
    made = {"success": True, "result": [{"id": 318581, "status": "created"}]}
    assert read_single(made) == RowResult(RowState.DONE, external_id="318581")
    several = read_single({"success": True, "result": [skip("1007", "Multiple lead match lookup criteria")]})
    assert several.reason == (
        "Marketo 1007: Multiple lead match lookup criteria; several leads have this address: merge them in"
        " Marketo, then retry"
    )
    assert read_single({"success": True, "result": []}).state is RowState.UNKNOWN


@pytest.mark.parametrize(
    ("lead", "reading"),
    [
        ({"leadopsScore": 17, "leadopsScoreSeq": 9}, LeadReading(17, score_seq=9)),
        ({"leadopsScore": None, "leadopsScoreSeq": None}, LeadReading(0)),
        ({"leadopsScore": "17"}, LeadReading(17)),
        ({"leadopsScore": 1.5}, LeadReading(None)),
        ({}, LeadReading(None)),
    ],
)
def test_a_lead_is_read_with_its_score(lead: dict[str, Any], reading: LeadReading) -> None:
    assert read_reading({"success": True, "result": [{"id": 50, **lead}]}, "50", FIELDS) == reading


def test_a_lead_that_the_answer_leaves_out_is_not_there() -> None:
    gone = LeadReading(None, LeadAbsence(AbsenceWord.NOT_FOUND))
    assert read_reading({"success": True, "result": []}, "50", FIELDS) == gone
    assert read_reading({"success": True}, "50", FIELDS) == gone
    assert read_reading({"success": True, "result": [{"id": 51}]}, "50", FIELDS) == gone
    with pytest.raises(AnswerShapeError):
        read_reading({"items": []}, "50", FIELDS)


def test_a_listed_lead_has_address_and_our_id() -> None:
    lead = {"id": 50, "email": "a@b.example", "leadopsId": "7", "leadopsScore": 3}
    assert read_listed(lead, FIELDS) == ListedLead("50", 3, "a@b.example", "7")
