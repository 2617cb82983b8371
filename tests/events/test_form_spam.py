"""Signs of spam in one form: values at each bound, and what people write that must pass."""

from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.events.form_spam import find_spam, is_never_spam, read_free_text
from tests.shipped import SHIPPED, change

#: A form that was sent at a time with milliseconds, and one at a whole second.
SENT = datetime(2026, 7, 1, 9, 30, 10, 500_000, tzinfo=UTC)
WHOLE = datetime(2026, 7, 1, 9, 30, 10, tzinfo=UTC)


def reason(
    email: object = "ann@buyers.example",
    *,
    ts: datetime | None = SENT,
    visitor: object = None,
    settings: dict[str, Any] | None = None,
    **properties: Any,
) -> str | None:
    forms = change(SHIPPED.forms, **settings or {})
    sign = find_spam(properties, email=email, visitor=visitor, ts=ts, settings=forms)
    return sign.reason if sign else None


@pytest.mark.parametrize(
    "email",
    ["ann@gmail.com", "ann@yahoo.co.jp", "ann+demo@buyers.example", "info@buyers.example", None, 7, "ann"],
)
def test_a_person_passes_whatever_the_address(email: object) -> None:
    message = "Please call me. Our site is https://www.buyers.example and we use <b>two</b> CRMs."
    person = {"first_name": "Ann", "last_name": "O'Neil-Sato (J.Smith/Sales)", "message": message}
    assert reason(email, company="https://www.buyers.example", title="R&D / IT", **person) is None


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("honeypot", "x", True),
        ("_Gotcha", "http://", True),
        ("bot-field", [" ", "x"], True),
        ("botcheck", True, True),
        ("botcheck", "on", True),
        ("_honey", {"value": "x"}, True),
        ("honeypot", 5, True),
        ("honeypot", " \u200b\u3000", False),
        ("honeypot", "", False),
        ("botcheck", False, False),
        ("botcheck", "False", False),
        ("honeypot", None, False),
        ("honeypot", [], False),
        ("honeypot", 0, False),
        ("website", "https://www.buyers.example", False),
        ("fax", "03-1234-5678", False),
    ],
)
def test_only_a_bot_fills_in_a_hidden_field(field: str, value: object, found: bool) -> None:
    assert reason(**{field: value}) == ("spam_honeypot" if found else None)


@pytest.mark.parametrize(
    ("field", "value", "ts", "found"),
    [
        ("fill_seconds", 1.999, SENT, True),
        ("fill_seconds", 2, SENT, False),
        ("fill_seconds", "1.5", SENT, True),
        ("fill_seconds", -1, SENT, False),
        ("fill_seconds", True, SENT, False),
        ("fill_seconds", "soon", SENT, False),
        ("fill_seconds", float("nan"), SENT, False),
        ("shown_at", "2026-07-01T09:30:08.501Z", SENT, True),
        ("shown_at", "2026-07-01T09:30:08.500Z", SENT, False),
        ("shown_at", "2026-07-01T18:30:09.000+09:00", SENT, True),
        ("shown_at", 1782898209.0, SENT, True),
        ("shown_at", 1782898209000, SENT, True),
        ("shown_at", 1782898208000, SENT, False),
        ("Form_Shown_At", "2026-07-01T09:30:09Z", SENT, True),
        # That clock is ahead, or has no zone: it says nothing.
        ("shown_at", "2026-07-01T09:30:10.501Z", SENT, False),
        ("shown_at", "2026-07-01T09:30:09", SENT, False),
        ("shown_at", "at once", SENT, False),
        ("shown_at", 10**30, SENT, False),
        # A whole second may be any moment of it: 8.9 to 10.9 is two seconds.
        ("shown_at", "2026-07-01T09:30:08.900Z", WHOLE, False),
        ("shown_at", "2026-07-01T09:30:09.001Z", WHOLE, True),
        ("shown_at", "2026-07-01T09:30:10.900Z", WHOLE, True),
        ("shown_at", "2026-07-01T09:30:09Z", None, False),
    ],
)
def test_two_seconds_are_the_bound_where_the_sender_says_how_long_it_took(
    field: str, value: object, ts: datetime | None, found: bool
) -> None:
    assert reason(ts=ts, **{field: value}) == ("spam_too_fast" if found else None)
    assert reason(ts=ts, settings={"min_fill_seconds": None}, **{field: value}) is None


def test_disposable_mail_is_a_sign_and_free_mail_is_not() -> None:
    assert reason("Ann@Mailinator.com") == "spam_disposable_mail"
    assert reason("ann@mailinator.com", settings={"disposable_mail": False}) is None
    assert reason("ann@gmail.com") is None


@pytest.mark.parametrize(
    ("field", "text", "found"),
    [
        ("first_name", "Win 500 https://spam.example/x", True),
        ("lastName", "ｗｗｗ．spam.example", True),
        ("name", ["[url=spam.example]click[/url]"], True),
        ("name", "Ann http. Sato", False),
        ("name", "John.Smith", False),
        ("name", 7, False),
        ("company", "www.buyers.example", False),
        ("message", "see https://www.buyers.example", False),
        ("message", 'buy <a  target=x href="https://spam.example">shoes</a>', True),
        ("Comments", "[URL=https://spam.example]shoes[/URL]", True),
        ("message", "<a name=top>", False),
        ("industry", "<a href=https://spam.example>shoes</a>", False),
    ],
)
def test_names_that_are_links_are_a_sign(field: str, text: object, found: bool) -> None:
    assert reason(**{field: text}) == ("spam_links" if found else None)


def test_a_setting_turns_named_links_off() -> None:
    assert reason(message="<a href=x>y</a>", settings={"named_links": False}) is None


@pytest.mark.parametrize(
    ("never", "found"),
    [
        ("ann@mailinator.com", False),
        ("Mailinator.com", False),
        ("kiosk-1", False),
        ("inator.com", True),
        ("ben@mailinator.com", True),
    ],
)
def test_an_address_a_domain_or_a_browser_can_be_known_for_good(never: str, found: bool) -> None:
    settings = {"never": [never]}
    sign = reason("Ann@mailinator.com", visitor="kiosk-1", settings=settings, honeypot="x")
    assert sign == ("spam_honeypot" if found else None)
    assert is_never_spam(None, None, change(SHIPPED.forms, **settings)) is False


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("a" * 80, "a" * 80),
        ("a" * 79, None),
        ("  A " * 40, None),  # forty letters and the 39 blanks between them
        ("  A " * 41, " ".join("a" * 41)),
        ("See  WWW.spam.example", "see www.spam.example"),
        ("", None),
        (7, None),
    ],
)
def test_a_text_is_compared_if_people_do_not_write_it_alike(text: object, read: str | None) -> None:
    assert read_free_text({"message": text, "note": "short"}, SHIPPED.forms) == read
    assert read_free_text({"consent": text}, SHIPPED.forms) is None
    assert read_free_text({"message": text}, change(SHIPPED.forms, same_text=None)) is None
