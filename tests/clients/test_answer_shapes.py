"""The shape of each answer, by hand: what is believed, and what is unknown."""

from typing import Any

import pytest

from leadops.clients.answer_shapes import (
    AnswerShapeError,
    CollectedEvents,
    read_collected,
    read_lead_score,
    read_number,
    read_page,
    read_text,
)
from leadops.normalization.lenient_json import NumberText


def test_a_page_has_items_and_a_cursor() -> None:
    assert read_page({"items": [1, None], "cursor": 7}, "x") == ([1, None], "7")
    assert read_page({"items": []}, "x") == ([], None)
    assert read_page([1], "x", may_be_list=True) == ([1], None)
    for body in ([1], None, 5, "", {}, {"items": {}}, {"items": None}):
        with pytest.raises(AnswerShapeError, match="x: the answer is not a page with items"):
            read_page(body, "x")
    for cursor in (True, 1.5, [], NumberText("NaN")):
        with pytest.raises(AnswerShapeError, match="cursor"):
            read_page({"items": [], "cursor": cursor}, "x")


def test_fields_that_are_always_there() -> None:
    assert read_text({"ts": "1.5"}, "ts", "Slack") == "1.5"
    assert read_number({"minutes_lag": 0}, "minutes_lag", "CDP") == 0
    for value in (None, 1.5, "", "  ", ["1"], NumberText("NaN")):
        with pytest.raises(AnswerShapeError, match="Slack: the answer holds no ts"):
            read_text({"ts": value}, "ts", "Slack")
    for other in (None, True, "5", [], NumberText("1e400")):
        with pytest.raises(AnswerShapeError, match="CDP: the answer holds no minutes_lag"):
            read_number({"minutes_lag": other}, "minutes_lag", "CDP")


def test_a_lead_is_an_object_with_or_without_a_score() -> None:
    assert read_lead_score({"score": "12"}) == 12
    assert read_lead_score({}) is None
    for body in (None, [], 12):
        with pytest.raises(AnswerShapeError):
            read_lead_score(body)


def _collected(accepted: Any, duplicates: Any, *indexes: Any) -> dict[str, Any]:
    return {
        "accepted": accepted,
        "duplicates": duplicates,
        "quarantined": [{"index": index} for index in indexes],
    }


def test_each_event_counts_once() -> None:
    assert read_collected(_collected(1, 0, 2, 1), 3) == CollectedEvents(
        1, 0, {2: {"index": 2}, 1: {"index": 1}}
    )
    for body in (
        _collected(1, 2, 1),
        _collected(3, 1),
        _collected(4, -1),
        _collected(True, 2),
        _collected("3", 0),
        _collected(1.0, 2),
        _collected(1, 0, 1, 1),
        _collected(2, 0, -1),
        _collected(2, 0, 3),
        _collected(2, 0, None),
        _collected(2, 0, 1, 1),
        {"accepted": 3, "duplicates": 0},
        {"accepted": 2, "duplicates": 0, "quarantined": [1]},
        [],
        None,
    ):
        with pytest.raises(AnswerShapeError):
            read_collected(body, 3)
