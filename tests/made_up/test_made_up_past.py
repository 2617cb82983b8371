"""The mark of a simulated past: it keeps its days, and knows when all of it is in."""

from datetime import UTC, date, datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.made_up.made_up_past import MadeUpPast, begin_past, find_past, finish_past, is_made_up

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
FIRST, LAST = date(2026, 1, 1), date(2026, 6, 30)


def test_a_past_that_began_keeps_its_days_when_it_begins_again_later(connection: Connection) -> None:
    assert not is_made_up(connection)
    begun = begin_past(connection, first_day=FIRST, last_day=LAST, seed=1, now=NOW)
    assert begun == MadeUpPast(FIRST, LAST, 1, NOW, None)
    later = NOW + timedelta(days=1)
    again = begin_past(connection, first_day=date(2026, 1, 2), last_day=date(2026, 7, 1), seed=2, now=later)
    assert again == begun
    assert is_made_up(connection)


def test_it_is_finished_once(connection: Connection) -> None:
    with pytest.raises(PermanentError, match="no simulated past has begun"):
        finish_past(connection, now=NOW)
    begin_past(connection, first_day=FIRST, last_day=LAST, seed=1, now=NOW)
    assert finish_past(connection, now=NOW)
    assert not finish_past(connection, now=NOW + timedelta(hours=1))
    assert find_past(connection) == MadeUpPast(FIRST, LAST, 1, NOW, NOW)


def test_days_in_the_wrong_order_are_refused(connection: Connection) -> None:
    with pytest.raises(PermanentError, match="the past ends on 2026-01-01, before it begins on 2026-06-30"):
        begin_past(connection, first_day=LAST, last_day=FIRST, seed=1, now=NOW)
    assert find_past(connection) is None


def test_its_line_names_the_days() -> None:
    line = MadeUpPast(FIRST, LAST, 1, NOW, None).describe()
    assert line == "simulated company: what happened from 2026-01-01 to 2026-06-30 is invented"
