"""A page of two objects, of answers written by hand: no server takes part."""

from datetime import UTC, datetime
from typing import Any

from leadops.products.feed_cursor import FeedCursor
from leadops.products.feed_streams import StreamPage, read_streams
from leadops.products.product_rows import Call
from leadops.products.reading import ReadAnswer, Reading

TEN = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def read_rows(name: str) -> Any:
    """A stream whose answers are the rows (time, id), and whether they are the last."""

    def read(after: FeedCursor | None, limit: int) -> Reading[StreamPage]:
        start = after or FeedCursor("", "")
        params: dict[str, str | int] = {"time": start.time, "id": start.row_id, "limit": limit}
        answer = yield Call("GET", f"/{name}", params=params)
        rows, is_last = answer.body
        items = [{"id": f"{name}:{row_id}"} for _, row_id in rows]
        return StreamPage(items, FeedCursor(*rows[-1]) if rows else None, is_last, answer.server_time)

    return read


STREAMS = {"calls": read_rows("calls"), "tasks": read_rows("tasks")}


def play(after: str | None, answers: list[ReadAnswer]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return what each call asked for, and the page."""
    reading = read_streams(after, 5, STREAMS)
    asked, call = [], next(reading)
    while True:
        asked.append({"path": call.path, **call.params})
        try:
            call = reading.send(answers[len(asked) - 1])
        except StopIteration as end:
            return asked, end.value


def test_a_page_has_the_rows_of_every_object_and_the_earliest_time() -> None:
    later = TEN.replace(second=3)
    asked, page = play(
        None,
        [
            ReadAnswer(([("2026-06-01T09:00:00Z", "1"), ("2026-06-01T09:01:00Z", "2")], True), later),
            ReadAnswer(([("2026-06-01T08:00:00Z", "5")], False), TEN),
        ],
    )
    assert asked == [
        {"path": "/calls", "time": "", "id": "", "limit": 5},
        {"path": "/tasks", "time": "", "id": "", "limit": 5},
    ]
    assert page == {
        "items": [{"id": "calls:1"}, {"id": "calls:2"}, {"id": "tasks:5"}],
        "cursor": '{"calls": ["2026-06-01T09:01:00Z", "2"], "tasks": ["2026-06-01T08:00:00Z", "5"]}',
        "done": False,
        "now": "2026-06-01T10:00:00+00:00",
    }


def test_each_object_goes_on_where_it_was_and_one_that_is_gone_is_forgotten() -> None:
    after = '{"calls": ["2026-06-01T09:01:00Z", "2"], "faxes": ["2026-06-01T09:01:00Z", "2"]}'
    asked, page = play(after, [ReadAnswer(([], True)), ReadAnswer(([("2026-06-01T08:00:00Z", "5")], True))])
    assert [(call["time"], call["id"]) for call in asked] == [("2026-06-01T09:01:00Z", "2"), ("", "")]
    assert page == {
        "items": [{"id": "tasks:5"}],
        "cursor": '{"calls": ["2026-06-01T09:01:00Z", "2"], "tasks": ["2026-06-01T08:00:00Z", "5"]}',
        "done": True,
    }


def test_without_rows_there_is_no_cursor_and_another_crms_cursor_counts_as_none() -> None:
    for after in (None, "12", '["2026-06-01T09:01:00Z", "2"]'):
        asked, page = play(after, [ReadAnswer(([], True), TEN), ReadAnswer(([], True), TEN)])
        assert [(call["time"], call["id"]) for call in asked] == [("", ""), ("", "")]
        assert page == {"items": [], "cursor": None, "done": True, "now": "2026-06-01T10:00:00+00:00"}
