"""The feed by answers written by hand: seconds that are cut by a page, and what each message says."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.products.feed_cursor import FeedCursor
from leadops.products.feed_streams import StreamPage
from leadops.products.odoo.odoo_calls import OdooCalls
from leadops.products.odoo.odoo_feed import OdooFeed
from leadops.products.product_rows import Call
from leadops.products.reading import ReadAnswer, Reading
from tests.products.odoo.odoo_desk import set_odoo

FEED = OdooFeed(OdooCalls("json-2", ""), set_odoo(api="json-2"))


class Table:
    """Messages of a database that stores more digits of a stamp than an answer shows."""

    def __init__(self, stamps: list[str]) -> None:
        self.rows = list(enumerate(stamps, start=1))
        self.calls = 0

    def answer(self, call: Call) -> ReadAnswer:
        self.calls += 1
        asked = json.loads(call.body)
        found = [row for row in self.rows if all(self._fits(row, term) for term in asked["domain"])]
        by_id = asked["order"] == "id"
        found.sort(key=lambda row: (row[0],) if by_id else (row[1], row[0]))
        rows = [self._show(number, stamp) for number, stamp in found[: asked["limit"]]]
        return ReadAnswer(rows, datetime(2026, 6, 1, 12, tzinfo=UTC))

    @staticmethod
    def _fits(row: tuple[int, str], term: list[Any]) -> bool:
        name, sign, wanted = term
        if name == "model":
            return True
        value: Any = row[0] if name == "id" else row[1]
        return bool({">": value > wanted, ">=": value >= wanted, "<": value < wanted}[sign])

    @staticmethod
    def _show(number: int, stamp: str) -> dict[str, Any]:
        return {
            "id": number,
            "date": stamp[:19],
            "write_date": stamp[:19],
            "res_id": 5,
            "message_type": "comment",
            "subtype_id": [2, "Note"],
            "mail_activity_type_id": False,
            "create_uid": [7, "Rep"],
        }


def play(reading: Reading[StreamPage], table: Table) -> StreamPage:
    answer = None
    while True:
        try:
            call = next(reading) if answer is None else reading.send(answer)
        except StopIteration as end:
            return end.value
        answer = table.answer(call)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 7, 100])
def test_every_row_is_read_however_a_page_cuts_a_second(limit: int) -> None:
    """Seven rows, of which five share a second and are stored in another order than that of their ids."""
    second = "2026-06-01 10:00:01"
    within = [f"{second}.{part}" for part in (9, 1, 5, 2, 8)]
    table = Table(["2026-06-01 10:00:00.5", *within, "2026-06-01 10:00:02.0"])
    seen: list[str] = []
    after: FeedCursor | None = None
    for _ in range(40):
        page = play(FEED.read_messages(after, limit), table)
        seen += [item["id"] for item in page.items]
        assert page.reached is None or page.reached != after or page.is_last
        after = page.reached or after
        if page.is_last:
            break
    assert page.is_last
    assert set(seen) == {f"message:{number}" for number in range(1, 8)}
    assert len(seen) == 7 or limit == 1


def test_ten_thousand_rows_of_one_second_are_read_once() -> None:
    table = Table(["2026-06-01 10:00:01.5"] * 10_050)
    seen: list[str] = []
    after: FeedCursor | None = None
    is_last = False
    while not is_last:
        page = play(FEED.read_messages(after, 500), table)
        seen += [item["id"] for item in page.items]
        after, is_last = page.reached or after, page.is_last
    assert len(seen) == len(set(seen)) == 10_050
    assert table.calls < 30


def show(message: dict[str, Any], stage: list[Any] | None = None) -> list[dict[str, Any]]:
    """Return what a message says; the lead's stage is `stage`: its name and since when."""
    row = Table._show(3, "2026-06-01 10:00:00") | message
    reading = FEED.read_messages(None, 5)
    next(reading)
    try:
        reading.send(ReadAnswer([row]))
        name, since = stage or ["New", "2026-06-01 10:00:00"]
        reading.send(ReadAnswer([{"id": 5, "stage_id": [1, name], "date_last_stage_update": since}]))
    except StopIteration as end:
        return list(end.value.items)
    raise AssertionError("one call too many")


NOTIFIED = {"message_type": "notification"}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, ("note", None)),
        ({"subtype_id": [1, "Discussions"]}, ("mail", None)),
        ({"subtype_id": [1, "Discussions"], "message_type": "email"}, None),
        ({"subtype_id": [2, "Note"], **NOTIFIED}, None),
        ({"subtype_id": False, **NOTIFIED}, None),
        ({"subtype_id": [5, "Opportunity Created"], **NOTIFIED}, ("note", None)),
        ({"subtype_id": [8, "Opportunity Lost"], **NOTIFIED}, ("status", "lost")),
        ({"subtype_id": [9, "Opportunity Restored"], **NOTIFIED}, ("status", "open")),
        ({"mail_activity_type_id": [2, "Call"], **NOTIFIED}, ("call", None)),
        ({"mail_activity_type_id": [9, "Visit"], **NOTIFIED}, ("Visit", None)),
        ({"res_id": False}, None),
    ],
)
def test_what_a_message_says(message: dict[str, Any], said: tuple[str, str | None] | None) -> None:
    items = show(message)
    assert [(item["kind"], item.get("status")) for item in items] == ([] if said is None else [said])
    for item in items:
        assert (item["id"], item["lead_id"], item["moves_with_lead"]) == ("message:3", "5", True)
        assert item["occurred_at"] == "2026-06-01T10:00:00+00:00"


@pytest.mark.parametrize(
    ("stage", "since", "status"),
    [
        ("Qualified", "2026-06-01 10:00:00", "taken"),
        ("Own stage", "2026-06-01 10:00:00", "Own stage"),
        # A long transaction: the stage was set some seconds before the message was written.
        ("Qualified", "2026-06-01 09:59:40", "taken"),
        # The time of the message is cut to a second, that of the change is not.
        ("Qualified", "2026-06-01 10:00:01", "taken"),
        # The stage has changed again since: what it was then is no longer known.
        ("Won", "2026-06-01 10:00:30", None),
    ],
)
def test_a_changed_stage_is_that_of_the_lead_until_it_changes_again(
    stage: str, since: str, status: str | None
) -> None:
    items = show({"subtype_id": [6, "Stage Changed"], **NOTIFIED}, [stage, since])
    assert [item["status"] for item in items] == ([] if status is None else [status])


def test_the_times_in_a_domain_are_those_of_odoo() -> None:
    reading = FEED.read_messages(FeedCursor("2026-06-01T19:00:00.5+09:00", ""), 5)
    assert re.search(r'"write_date",">=","2026-06-01 10:00:00"', next(reading).body)
