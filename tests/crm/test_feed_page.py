"""What a page of the feed says, worked out by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.crm.activity import MergedLead
from leadops.crm.feed_page import find_as_of, find_unsure_since, is_last_page, sort_items
from leadops.errors import TransientError

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def item(number: str, **facts: Any) -> dict[str, Any]:
    return {"id": number, "lead_id": "L", "kind": "call", "occurred_at": NOW.isoformat()} | facts


def test_of_an_activity_that_is_there_twice_the_last_one_counts() -> None:
    gone = {"id": "1", "lead_id": "L", "deleted": True}
    assert (list(sort_items([item("1"), gone]).rows), sort_items([item("1"), gone]).deleted) == ([], {"1"})
    again = sort_items([gone, item("1", kind="mail")])
    assert (again.rows["1"].kind, again.deleted) == ("mail", set())


def test_each_item_is_what_it_says() -> None:
    found = sort_items(
        [
            item("1"),
            item("2", made_by="leadops"),
            item("3", made_by="somebody"),
            item("4", kind="merged", into="X"),
            item("5", kind="merged"),
            {"deleted": True},
            "nonsense",
        ]
    )
    assert list(found.rows) == ["1", "3"]
    assert found.rows["3"].details == {}
    assert found.merged == [MergedLead("L", "X")]
    assert [reason for _, reason in found.wrong] == [
        "into is missing",
        "id is missing",
        "an activity must be an object",
    ]


@pytest.mark.parametrize(
    ("page", "is_last"),
    [
        ({"items": [1], "cursor": "b"}, False),
        ({"items": [1], "cursor": "a"}, True),
        ({"items": [1], "cursor": None}, True),
        ({"items": [], "cursor": "b"}, True),
        ({"items": [1], "cursor": "b", "done": True}, True),
        ({"items": [], "cursor": "a", "done": False}, False),
        ({"items": [], "cursor": "a", "done": "no"}, True),
    ],
)
def test_the_last_page(page: dict[str, Any], is_last: bool) -> None:
    assert is_last_page(page, "a") is is_last


@pytest.mark.parametrize(
    ("page", "minutes"),
    [
        ({"as_of": NOW.isoformat()}, 0),
        ({"as_of": (NOW - 7 * MINUTE).isoformat()}, -7),
        ({"as_of": (NOW + MINUTE).isoformat()}, 0),
        ({"now": NOW.isoformat()}, -5),
        ({"now": (NOW + MINUTE).isoformat()}, -5),
        ({"now": (NOW - MINUTE).isoformat(), "as_of": NOW.isoformat()}, -6),
    ],
)
def test_up_to_when_it_is_complete(page: dict[str, Any], minutes: float) -> None:
    assert find_as_of(page, now=NOW, overlap=5 * MINUTE) == NOW + minutes * MINUTE


def test_the_first_page_within_the_overlap_says_from_when_on_rows_may_be_missing() -> None:
    def find(reached: float, clock: float, before: datetime | None = None) -> datetime | None:
        cursor = f'["{(NOW + reached * MINUTE).isoformat()}", "A"]'
        page = {"cursor": cursor, "now": (NOW + clock * MINUTE).isoformat()}
        return find_unsure_since(page, now=NOW, overlap=5 * MINUTE, before=before)

    assert find(-5, 0) is None
    assert find(-4, 0) == NOW - 5 * MINUTE
    assert find(-4, 3) == NOW - 5 * MINUTE, "the server's clock is ahead"
    assert find(-4, -2) == NOW - 7 * MINUTE
    assert find(-1, 0, before=NOW - 9 * MINUTE) == NOW - 9 * MINUTE
    page = {"cursor": "12", "now": NOW.isoformat()}
    assert find_unsure_since(page, now=NOW, overlap=MINUTE, before=None) is None
    done = {"now": NOW.isoformat()}
    assert find_as_of(done, now=NOW, overlap=MINUTE, unsure_since=NOW - 9 * MINUTE) == NOW - 9 * MINUTE


@pytest.mark.parametrize("page", [{}, {"as_of": "soon"}, {"now": None, "as_of": NOW.isoformat()}])
def test_a_page_must_say_it(page: dict[str, Any]) -> None:
    with pytest.raises(TransientError, match="as_of"):
        find_as_of(page, now=NOW, overlap=MINUTE)
