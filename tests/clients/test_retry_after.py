import pytest

from leadops.clients.retry_after import read_retry_after

DATE = "Fri, 01 May 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 7 ", 7),
        ("3600", 3600),
        ("3601", 3600),
        ("nan", None),
        ("inf", None),
        ("-5", None),
        ("7.5", None),
        ("1e3", None),
        ("7, 7", None),
        ("soon", None),
        ("", None),
        ("9" * 10, 3600),
        ("9" * 11, None),
        ("9" * 5_000, None),
        ("Fri, 01 May 2026 09:02:00 GMT", 120),
        ("Fri, 01 May 2026 08:59:00 GMT", 0),
        ("Sat, 02 May 2026 09:00:00 GMT", 3600),
        ("Friday, 01-May-26 09:02:00 GMT", 120),  # RFC 850, obsolete
        ("Fri May  1 09:02:00 2026", 120),  # asctime(), obsolete, always UTC
        ("Fri, 99 May 2026 09:02:00 GMT", None),
    ],
)
def test_seconds_or_a_date_beside_the_date_of_the_answer(text: str, seconds: float | None) -> None:
    assert read_retry_after({"retry-after": text, "Date": DATE}) == seconds


def test_an_answer_that_says_nothing_asks_for_nothing() -> None:
    assert read_retry_after({}) is None
    assert read_retry_after({"Date": DATE}) is None


def test_a_date_without_the_date_of_the_answer_is_compared_with_our_clock() -> None:
    assert read_retry_after({"Retry-After": "Fri, 01 May 2116 09:00:00 GMT"}) == 3600
    assert read_retry_after({"Retry-After": "Fri, 01 May 2015 09:00:00 GMT"}) == 0
