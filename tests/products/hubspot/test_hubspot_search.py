"""What changed after a place: a search with HubSpot's limits, written for this test, and the stand-in's."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.products.feed_cursor import FeedCursor
from leadops.products.hubspot.hubspot_search import ChangeSearch
from leadops.products.product_rows import Call

from .conftest import CALLS, Portal, answer_by_hand

START = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)


def stamp(milliseconds: int) -> str:
    return (
        (START + timedelta(milliseconds=milliseconds))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )


class Index:
    """Rows (id, milliseconds), searched as HubSpot does: one sort, and rows of one moment in no order."""

    def __init__(self, rows: dict[int, int]) -> None:
        self.rows = rows

    def answer(self, call: Call) -> Any:
        body = json.loads(call.body)
        assert body["after"] == "0"
        assert body["limit"] <= 200
        (sort,) = body["sorts"]
        found = [
            row
            for row in self.rows
            if any(self._fits(row, group["filters"]) for group in body["filterGroups"])
        ]
        found.sort(key=lambda row: (row * 7_919) % 10_007)
        found.sort(key=lambda row: row if sort["propertyName"] == "hs_object_id" else self.rows[row])
        page = found[: body["limit"]]
        return {
            "total": len(found),
            "results": [
                {"id": str(row), "properties": {"hs_lastmodifieddate": stamp(self.rows[row])}} for row in page
            ],
        }

    def _fits(self, row: int, filters: list[dict[str, str]]) -> bool:
        base = int(START.timestamp()) * 1_000
        for one in filters:
            mine = row if one["propertyName"] == "hs_object_id" else base + self.rows[row]
            wanted = int(one["value"])
            if not {"GT": mine > wanted, "GTE": mine >= wanted, "EQ": mine == wanted}[one["operator"]]:
                return False
        return True


SEARCH = ChangeSearch(CALLS, "calls", "hs_lastmodifieddate", ["hs_timestamp"])


def read_all(
    index: Index, limit: int, place: FeedCursor | None = None
) -> tuple[Counter[str], int, FeedCursor | None]:
    """Read to the end; return how often each row was read, the calls, and the last place."""
    times, calls = Counter[str](), 0
    for _ in range(1_000):
        page, made = answer_by_hand(SEARCH.read_after(place, limit), index.answer)
        calls += len(made)
        times.update(row["id"] for row in page.rows)
        place = page.reached or place
        if page.is_last:
            return times, calls, place
    raise AssertionError("the feed does not end")


def test_ten_thousand_and_fifty_rows_of_one_moment_are_read_once_each() -> None:
    times, calls, place = read_all(Index(dict.fromkeys(range(1, 10051), 0)), 500)
    assert len(times) == 10_050
    assert set(times.values()) == {1}
    assert calls < 60
    assert place == FeedCursor(stamp(0), "10050".zfill(20))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 200])
@pytest.mark.parametrize(
    "stamps",
    [
        [0, 0, 0, 0, 0],
        [0, 1, 1, 1, 2, 2, 3],
        [5, 4, 3, 2, 1],
        [0, 0, 1, 1, 1, 1, 1, 1, 9, 9],
        [],
        [7],
    ],
)
def test_no_edge_of_a_page_loses_or_repeats_a_row(stamps: list[int], limit: int) -> None:
    rows = {number + 95: at for number, at in enumerate(stamps)}
    times, _, _ = read_all(Index(rows), limit)
    assert times == Counter({str(row): 1 for row in rows})


def test_after_the_end_only_later_rows_are_read() -> None:
    index = Index({95: 0, 96: 1, 101: 1})
    _, _, place = read_all(index, 2)
    assert place == FeedCursor(stamp(1), "101".zfill(20))
    index.rows |= {102: 1, 40: 2}
    times, _, _ = read_all(index, 2, place)
    assert times == Counter({"102": 1, "40": 1})


def test_a_place_without_an_id_means_from_that_time_on() -> None:
    index = Index({1: 0, 2: 1, 3: 2})
    times, _, _ = read_all(index, 200, FeedCursor(stamp(1).replace("Z", "000+00:00"), ""))
    assert times == Counter({"2": 1, "3": 1})


def test_rows_without_a_place_do_not_stop_the_feed() -> None:
    rows = [{"id": "1", "properties": {}}, "x", {"id": "a", "properties": {"hs_lastmodifieddate": stamp(0)}}]
    page, _ = answer_by_hand(SEARCH.read_after(None, 3), lambda _: {"results": rows})
    assert (page.rows, page.reached, page.is_last) == ([], None, True)


def test_the_stand_in_reads_the_same(portal: Portal) -> None:
    ids = {portal.make(number, email=f"lead{number}@a.example") for number in range(25)}
    search = ChangeSearch(CALLS, "contacts", "lastmodifieddate", ["email"])
    client, place, times = portal.open(), None, Counter[str]()
    try:
        for _ in range(100):
            page = client.read(search.read_after(place, 4), "contacts")
            times.update(row["id"] for row in page.rows)
            assert page.server_time is not None
            place = page.reached or place
            if page.is_last:
                break
    finally:
        client.close()
    assert times == Counter(dict.fromkeys(ids, 1))
