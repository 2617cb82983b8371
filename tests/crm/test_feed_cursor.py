"""Cursors of a time and an id, worked out by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from leadops.crm.feed_cursor import FeedCursor, advance, cut_off, go_back, read_cursor

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
    ],
)
def test_what_is_a_time_and_an_id(text: str | None, cursor: FeedCursor | None) -> None:
    assert read_cursor(text) == cursor


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
