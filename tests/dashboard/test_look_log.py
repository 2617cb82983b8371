"""A look at people is on record once, however often a page shows them again by itself."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from leadops.dashboard.look_log import LookLog
from leadops.dashboard.reader import Look, Reader

from .conftest import NOW, OP

ADA = Reader("ada", sees_people=True)


class Book:
    """What was put on record, and a clock that a test moves."""

    def __init__(self) -> None:
        self.now, self.rows, self.fails = NOW, list[tuple[str, str, int]](), False
        self.log = LookLog(self.write, clock=self.tell_time)

    def tell_time(self) -> datetime:
        return self.now

    def write(self, reader: Reader, looks: Sequence[Look]) -> None:
        if self.fails:
            raise RuntimeError("no database")
        self.rows += [(reader.name, *look) for look in looks]


def test_what_stands_on_a_page_that_renews_itself_is_one_look_an_hour() -> None:
    book = Book()
    for minutes in (0, 1, 59):
        book.now = NOW + timedelta(minutes=minutes)
        book.log.record(OP, [Look("incident", 1)])
    book.log.record(OP, [Look("incident", 1), Look("incident", 2)])
    book.log.record(ADA, [Look("incident", 1)])
    assert book.rows == [("otto", "incident", 1), ("otto", "incident", 2), ("ada", "incident", 1)]
    book.now = NOW + timedelta(minutes=60)
    book.log.record(OP, [Look("incident", 1), Look("incident", 2)])
    assert book.rows[3:] == [("otto", "incident", 1)]


def test_each_look_at_a_lead_counts_but_not_each_row_about_it() -> None:
    book = Book()
    book.log.record(OP, [Look("lead", 7), Look("lead", 7)])
    book.log.record(OP, [Look("lead", 7)])
    book.log.record(OP, [])
    assert book.rows == [("otto", "lead", 7)] * 2


def test_what_cannot_be_put_on_record_is_not_shown_and_tried_again() -> None:
    book = Book()
    book.fails = True
    with pytest.raises(RuntimeError):
        book.log.record(OP, [Look("incident", 1)])
    book.fails = False
    book.log.record(OP, [Look("incident", 1)])
    assert book.rows == [("otto", "incident", 1)]
