"""The answer to score changes in our own contract, by hand: what is believed, and what is unknown."""

from typing import Any

import pytest

from leadops.clients.lead_absence import AbsenceWord, LeadAbsence
from leadops.products.generic.delta_results import read_delta_results
from leadops.products.product_rows import RowResult, RowState

APPLIED, DUPLICATE = RowResult(RowState.DONE), RowResult(RowState.DUPLICATE)


def _row(delta_id: Any, status: Any = "applied") -> dict[str, Any]:
    return {"deltaId": delta_id, "status": status}


@pytest.mark.parametrize(
    ("body", "results"),
    [
        ({"results": [_row("a"), _row("b", "duplicate")]}, {"a": APPLIED, "b": DUPLICATE}),
        ({"results": [_row("b"), _row("a")]}, {"a": APPLIED, "b": APPLIED}),
        ({"results": [_row("a")] * 12}, {}),
        ({"results": [_row("a"), _row("a", "rejected"), _row("b")]}, {"b": APPLIED}),
        ({"results": [_row("a"), _row("a", "rejected")]}, {}),
        ({"results": [_row("a"), _row("a", "what"), _row("b")]}, {"b": APPLIED}),
        ({"results": [_row("a"), _row("z"), _row("z")]}, {"a": APPLIED}),
        ({"results": [_row("a", "queued"), _row("b")]}, {"b": APPLIED}),
        ({"results": [_row("a", ["applied"]), _row(["b"]), _row(None), None, 7, "a"]}, {}),
        (
            {"results": [{"deltaId": "a", "status": "rejected", "error": 7}]},
            {"a": RowResult(RowState.DEAD, 7)},
        ),
        ({"results": []}, {}),
        ({"results": "applied"}, {}),
        (_row("a"), {}),
        ([_row("a"), _row("b")], {}),
        ({}, {}),
        (None, {}),
        (5, {}),
    ],
)
def test_a_row_is_known_if_it_is_named_exactly_once(body: Any, results: dict[str, RowResult]) -> None:
    assert read_delta_results(body, ["a", "b"]) == results


def test_the_answer_to_one_change_may_be_its_result() -> None:
    assert read_delta_results(_row("a"), ["a"]) == {"a": APPLIED}
    assert read_delta_results({"results": [_row("a")]}, ["a"]) == {"a": APPLIED}
    assert read_delta_results(_row("b"), ["a"]) == {}
    assert read_delta_results({"status": "applied"}, ["a"]) == {}


def test_rows_have_a_word_each() -> None:
    body = {
        "results": [
            {"deltaId": "a", "status": "applied"},
            {"deltaId": "b", "status": "not_found"},
            {"deltaId": "c", "status": "merged", "mergedInto": 7},
            {"deltaId": "d", "status": "deleted"},
            {"deltaId": "e", "status": "archived"},
            {"deltaId": "f", "status": ["deleted"]},
            {"deltaId": "g", "status": "deleted"},
            {"deltaId": "g", "status": "applied"},
        ]
    }
    assert read_delta_results(body, list("abcdefg")) == {
        "a": RowResult(RowState.DONE),
        "b": RowResult(RowState.GONE, absence=LeadAbsence(AbsenceWord.NOT_FOUND)),
        "c": RowResult(RowState.GONE, absence=LeadAbsence(AbsenceWord.MERGED, "7")),
        "d": RowResult(RowState.GONE, absence=LeadAbsence(AbsenceWord.DELETED)),
    }
