"""One text under many addresses, many forms from one visitor: each bound, whoever is judged again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.events.event_settings import EventSettings
from tests.intake.form_keeper import keep_body
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
TEXT = "We can bring your web site to the first page of every search engine within thirty days, cheaply."


def forms(**changes: Any) -> EventSettings:
    return SHIPPED.events.link(change(SHIPPED.forms, **changes))


@pytest.fixture
def keep(database_url: str) -> Any:
    """Take a form that came `minutes` after the first; return why it is in quarantine, None for a lead."""

    def run(
        email: str,
        text: str | None = TEXT,
        *,
        minutes: float = 0,
        events: EventSettings = SHIPPED.events,
        **fields: Any,
    ) -> str | None:
        properties = {} if text is None else {"message": text}
        body = {"email": email, "properties": properties} | fields
        return keep_body(database_url, body, now=NOW + timedelta(minutes=minutes), events=events).reason

    return run


def test_the_third_address_with_one_text_is_spam(keep: Any, connection: Connection) -> None:
    assert keep("a@one.example") is None
    assert keep("a@one.example", TEXT.upper(), minutes=1) is None, "the same person writes again"
    assert keep("b@two.example", f"  {TEXT}\n", minutes=2) is None
    assert keep("c@three.example", minutes=3) == "spam_same_text"
    assert keep("a@one.example", minutes=4) is None, "one other address wrote it before"
    assert keep("d@four.example", TEXT + " And more.", minutes=5) is None
    detail = connection.execute("select detail from intake.quarantined_forms").fetchone()
    assert detail == ("its text came under 2 other addresses before it",)
    kept = connection.execute("select form_traces::text from intake.form_traces").fetchall()
    assert not any("one.example" in row or "search engine" in row for (row,) in kept)


@pytest.mark.parametrize(("minutes", "found"), [(24 * 60, None), (24 * 60 - 1, "spam_same_text")])
def test_a_text_counts_for_a_day(keep: Any, minutes: float, found: str | None) -> None:
    keep("a@one.example")
    keep("b@two.example")
    assert keep("c@three.example", minutes=minutes) == found


def test_a_gateway_whose_clock_is_ahead_accuses_nobody_of_an_earlier_time(keep: Any) -> None:
    keep("a@one.example", minutes=5)
    keep("b@two.example", minutes=5)
    assert keep("c@three.example", minutes=4) is None
    assert keep("d@four.example", minutes=5) == "spam_same_text"


def test_people_write_short_texts_alike_but_no_links(keep: Any) -> None:
    found = [keep(f"{name}@{name}.example", "Please send me a demo.") for name in "abcd"]
    assert found == [None] * 4
    found = [keep(f"{name}@{name}.example", "See www.spam.example") for name in "abcd"]
    assert found == [None, None, "spam_same_text", "spam_same_text"]


def test_a_form_that_comes_again_gets_the_same_answer(keep: Any) -> None:
    first = [keep(f"{name}@{name}.example") for name in "abcd"]
    again = [keep(f"{name}@{name}.example", minutes=9) for name in "abcd"]
    assert first == again == [None, None, "spam_same_text", "spam_same_text"]


def test_the_eleventh_form_of_a_visitor_within_ten_minutes_is_spam(keep: Any) -> None:
    def fill_in(number: int, minutes: float, visitor: str = "b-1") -> str | None:
        return keep(f"p{number}@buyers.example", None, minutes=minutes, anonymous_id=visitor)

    assert [fill_in(number, 0) for number in range(10)] == [None] * 10
    assert fill_in(10, 9) == "spam_same_visitor"
    assert fill_in(10, 9.9) == "spam_same_visitor", "sent again, it is one form"
    assert fill_in(3, 9.9) is None, "so it is with a lead that is sent again"
    assert fill_in(11, 9, visitor="b-2") is None
    assert fill_in(12, 10) is None, "the first ten came ten minutes before"


def test_settings_turn_each_off_and_name_the_tablet_at_the_fair(keep: Any, connection: Connection) -> None:
    off = forms(same_text=None, same_visitor=None)
    for number in range(12):
        assert keep(f"p{number}@p{number}.example", events=off, anonymous_id="b-1") is None
    fair = forms(never=["kiosk-1"], same_text=None)
    for number in range(12):
        assert keep(f"q{number}@buyers.example", None, events=fair, anonymous_id="kiosk-1") is None
    assert connection.execute("select count(*) from intake.form_traces").fetchone() == (0,)
