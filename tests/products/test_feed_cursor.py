"""Cursors of a time and an id, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.products.feed_cursor import (
    FeedCursor,
    advance,
    cut_off,
    find_latest,
    go_back,
    read_places,
    write_places,
)

MINUTE = timedelta(minutes=1)
TEN = '["2026-06-01T10:00:00+00:00", "A-9"]'


@pytest.mark.parametrize(
    ("text", "cursor"),
    [
        (TEN, FeedCursor("2026-06-01T10:00:00+00:00", "A-9")),
        ('["2026-06-01T10:00:00.123456Z", 151]', FeedCursor("2026-06-01T10:00:00.123456Z", "151")),
        (None, None),
        ("", None),
        ("12", None),
        ("abc", None),
        ("[1, 2]", None),
        ('["2026-06-01T10:00:00", "A"]', None),
        ('["2026-06-01T10:00:00Z"]', None),
        ('{"a": 1, "b": 2}', None),
        ('{"a": ["2026-06-01T10:00:00Z", "1"], "b": 2}', None),
        ("{}", None),
    ],
)
def test_what_is_a_time_and_an_id(text: str | None, cursor: FeedCursor | None) -> None:
    assert read_places(text) == ({} if cursor is None else {"": cursor})
    assert find_latest(text) == (None if cursor is None else cursor.moment)


def test_going_back_begins_before_every_id_of_the_moment() -> None:
    assert go_back(TEN, MINUTE) == '["2026-06-01T09:59:00+00:00", ""]'
    assert go_back('["2026-06-01T19:00:00.5+09:00", "A"]', MINUTE) == (
        '["2026-06-01T09:59:00.500000+00:00", ""]'
    )
    for text in (None, "12", "c1"):
        assert go_back(text, MINUTE) == text


def test_going_back_begins_no_later_than_what_is_unsure() -> None:
    before, after = (datetime(2026, 6, 1, hour, 0, tzinfo=UTC) for hour in (8, 11))
    assert go_back(TEN, MINUTE, unsure_since=before) == '["2026-06-01T08:00:00+00:00", ""]'
    assert go_back(TEN, MINUTE, unsure_since=after) == '["2026-06-01T09:59:00+00:00", ""]'
    assert go_back("12", MINUTE, unsure_since=before) == "12"


def test_a_cursor_is_cut_off_at_a_moment() -> None:
    ten = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
    assert cut_off(TEN, ten) == TEN
    assert cut_off('["2030-01-01T00:00:00Z", "A"]', ten) == '["2026-06-01T10:00:00+00:00", ""]'
    assert cut_off('["2026-06-01T19:00:00.000001+09:00", "A"]', ten) == '["2026-06-01T10:00:00+00:00", ""]'
    for text in (None, "12"):
        assert cut_off(text, ten) == text


def test_the_stored_cursor_never_goes_back() -> None:
    earlier, later = '["2026-06-01T09:59:00Z", "Z"]', '["2026-06-01T19:00:00+09:00", "A-91"]'
    assert advance(TEN, after=earlier, reached=earlier) == TEN
    assert advance(TEN, after=TEN, reached=later) == later  # the same moment, a later id
    assert advance(None, after=None, reached=TEN) == TEN
    assert advance(TEN, after=TEN, reached=None) == TEN


def test_a_cursor_of_the_crms_own_moves_only_from_where_the_page_was_read() -> None:
    assert advance("5", after="5", reached="9") == "9"
    assert advance("7", after="5", reached="6") == "7"
    assert advance(None, after=None, reached="1") == "1"


#: Two objects of a CRM: calls are read up to 10:00, tasks up to 10:05.
BOTH = '{"calls": ["2026-06-01T10:00:00Z", "7"], "tasks": ["2026-06-01T10:05:00Z", "9"]}'


def test_a_cursor_has_a_place_for_each_object() -> None:
    places = read_places(BOTH)
    assert places == {
        "calls": FeedCursor("2026-06-01T10:00:00Z", "7"),
        "tasks": FeedCursor("2026-06-01T10:05:00Z", "9"),
    }
    assert write_places(places) == BOTH
    assert write_places({}) is None
    assert find_latest(BOTH) == datetime(2026, 6, 1, 10, 5, tzinfo=UTC)


def test_each_object_goes_back_and_is_cut_off_by_itself() -> None:
    assert go_back(BOTH, MINUTE) == (
        '{"calls": ["2026-06-01T09:59:00+00:00", ""], "tasks": ["2026-06-01T10:04:00+00:00", ""]}'
    )
    assert cut_off(BOTH, datetime(2026, 6, 1, 10, 1, tzinfo=UTC)) == (
        '{"calls": ["2026-06-01T10:00:00Z", "7"], "tasks": ["2026-06-01T10:01:00+00:00", ""]}'
    )
    assert cut_off(BOTH, datetime(2026, 6, 1, 10, 5, tzinfo=UTC)) == BOTH


def test_no_object_goes_back() -> None:
    """Calls went on in this page, tasks in another poll; and meetings are new."""
    reached = '{"calls": ["2026-06-01T10:01:00Z", "8"], "meetings": ["2026-06-01T01:00:00Z", "1"]}'
    assert advance(BOTH, after=BOTH, reached=reached) == (
        '{"calls": ["2026-06-01T10:01:00Z", "8"], "tasks": ["2026-06-01T10:05:00Z", "9"],'
        ' "meetings": ["2026-06-01T01:00:00Z", "1"]}'
    )
    behind = go_back(BOTH, MINUTE)
    assert advance(BOTH, after=behind, reached=behind) == BOTH


def test_the_cursor_of_a_crm_that_was_there_before_is_left_behind() -> None:
    assert advance(TEN, after=go_back(TEN, MINUTE), reached=BOTH) == BOTH
    assert advance("12", after="12", reached=BOTH) == BOTH
