"""What a batch came to, row by row: answers written after HubSpot's guides and the reports of its callers."""

from typing import Any

import pytest

from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.hubspot.hubspot_results import read_change, read_totals, read_upsert
from leadops.products.product_rows import RowState, TotalRow

ROWS = [TotalRow(9, 1, "151", 17), TotalRow(8, 2, "152", -3)]
DONE, UNKNOWN, DEAD = RowState.DONE, RowState.UNKNOWN, RowState.DEAD


def result(contact_id: str, trace: str | None = None) -> dict[str, Any]:
    named = {} if trace is None else {"objectWriteTraceId": trace}
    return {"id": contact_id, "properties": {"leadops_score": "17"}, "archived": False} | named


def error(category: str, **context: list[str]) -> dict[str, Any]:
    return {"status": "error", "category": category, "message": "why", "context": context}


def states(body: Any, rows: list[TotalRow] = ROWS) -> list[RowState]:
    found = read_totals(body, rows)
    return [found[row.lead_id].state for row in rows] if found else []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"status": "COMPLETE", "results": [result("152"), result("151")]}, [DONE, DONE]),
        ({"status": "COMPLETE", "results": [result("151", "1"), result("152", "2")]}, [DONE, DONE]),
        (
            {"results": [result("151")], "errors": [error("VALIDATION_ERROR", objectWriteTraceId=["2"])]},
            [DONE, DEAD],
        ),
        (
            {"results": [result("151")], "errors": [error("OBJECT_NOT_FOUND", ids=["152"])]},
            [DONE, RowState.GONE],
        ),
        ({"results": [], "errors": [error("OBJECT_NOT_FOUND", ids=["152", "151"])]}, [RowState.GONE] * 2),
        (
            {"results": [result("152")], "errors": [error("CONFLICT", objectWriteTraceId=["1"])]},
            [RowState.AGAIN, DONE],
        ),
        (
            {"results": [result("152")], "errors": [error("NEW_KIND", objectWriteTraceId=["1"])]},
            [UNKNOWN, DONE],
        ),
        # An error that names nobody: the row that is in neither list may be elsewhere.
        ({"results": [result("151")], "errors": [error("VALIDATION_ERROR")]}, [DONE, RowState.MOVED]),
        # "COMPLETE" without a result for any of several: the call was malformed, and nobody is done.
        ({"status": "COMPLETE", "results": []}, [UNKNOWN, UNKNOWN]),
        ({"status": "COMPLETE", "results": [result("9"), result("10")]}, [UNKNOWN, UNKNOWN]),
        ({"status": "COMPLETE", "results": [result("151"), result("9")]}, [DONE, RowState.MOVED]),
        # Twice the same contact: one of them may have the other's total.
        ({"results": [result("151"), result("151")]}, [UNKNOWN, RowState.MOVED]),
        ({"status": "COMPLETE"}, [UNKNOWN, UNKNOWN]),
        ({"results": [None, "x", {"id": True}], "errors": "no"}, [UNKNOWN, UNKNOWN]),
        ([], []),
        (None, []),
        ("<html>", []),
    ],
)
def test_each_row_by_itself(body: Any, expected: list[RowState]) -> None:
    assert states(body) == expected


def test_a_merged_contact_is_followed_to_the_one_that_was_written() -> None:
    found = read_totals({"results": [result("151", "1"), result("777", "2")]}, ROWS)
    assert found[1].state is DONE
    assert found[2].state is RowState.GONE
    assert found[2].absence == LeadAbsence(AbsenceWord.MERGED, "777")


def test_the_survivor_in_the_same_batch_may_have_the_total_of_the_other() -> None:
    found = read_totals({"results": [result("151", "1"), result("151", "2")]}, ROWS)
    assert found[1].state is UNKNOWN
    assert found[2].absence == LeadAbsence(AbsenceWord.MERGED, "151")


def test_a_single_row_that_is_left_out_is_looked_up() -> None:
    assert states({"status": "COMPLETE", "results": []}, ROWS[:1]) == [RowState.MOVED]


@pytest.mark.parametrize(
    ("body", "state", "external_id"),
    [
        ({"results": [result("151") | {"new": True}]}, DONE, "151"),
        ({"message": "Contact already exists. Existing ID: 151"}, RowState.AGAIN, "151"),
        ({"results": [], "errors": [error("CONFLICT") | {"message": "Existing ID: 7"}]}, RowState.AGAIN, "7"),
        ({"results": [], "errors": [error("VALIDATION_ERROR")]}, DEAD, None),
        ({"status": "COMPLETE", "results": []}, UNKNOWN, None),
        ({"results": [result("1"), result("2")]}, UNKNOWN, None),
        (None, UNKNOWN, None),
    ],
)
def test_an_upsert(body: Any, state: RowState, external_id: str | None) -> None:
    found = read_upsert(body)
    assert (found.state, found.external_id) == (state, external_id)


@pytest.mark.parametrize(
    ("body", "state"),
    [
        ({"results": [result("151")]}, DONE),
        ({"results": [result("151", "151")]}, DONE),
        ({"results": [result("777", "151")]}, RowState.GONE),
        ({"results": [result("777")]}, RowState.GONE),
        ({"results": []}, RowState.MOVED),
        ({"results": [], "errors": [error("OBJECT_NOT_FOUND", ids=["151"])]}, RowState.GONE),
        ({"results": [], "errors": [error("VALIDATION_ERROR")]}, DEAD),
        (None, UNKNOWN),
    ],
)
def test_a_change_of_one_contact(body: Any, state: RowState) -> None:
    assert read_change(body, "151").state is state
