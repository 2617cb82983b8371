"""The days of a page, from the texts of an address; Tokyo, where it is Monday, 2026-11-30, 12:00."""

from datetime import UTC, date, datetime

import pytest

from leadops.dashboard.periods import choose_period
from leadops.gateway.problems import ProblemError
from tests.shipped import SHIPPED

from .conftest import NOW

ZONE = SHIPPED.company.zone


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (None, None, (date(2026, 10, 31), date(2026, 11, 29))),  # the 30 days that are over
        ("2026-11-01", "2026-11-30", (date(2026, 11, 1), date(2026, 11, 30))),
        ("2026-11-30", "2026-11-30", (date(2026, 11, 30), date(2026, 11, 30))),
        ("2026-11-20", None, (date(2026, 11, 20), date(2026, 11, 29))),  # as far as they are over
        ("2026-01-01", None, (date(2026, 1, 1), date(2026, 1, 30))),
        ("2026-11-30", None, (date(2026, 11, 30), date(2026, 11, 30))),  # today is not over
        ("2027-05-05", None, (date(2027, 5, 5), date(2027, 5, 5))),
        (None, "2026-01-30", (date(2026, 1, 1), date(2026, 1, 30))),
        (None, "2000-01-05", (date(2000, 1, 1), date(2000, 1, 5))),
        ("2023-11-27", "2026-11-30", (date(2023, 11, 27), date(2026, 11, 30))),  # 1,100 days
    ],
)
def test_days_are_chosen(first: str | None, last: str | None, expected: tuple[date, date]) -> None:
    period = choose_period(first, last, ZONE, now=NOW)
    assert (period.first, period.last) == expected


@pytest.mark.parametrize(
    ("first", "last", "detail"),
    [
        ("2026-11-31", None, "from is not a day from 2000-01-01 to 2199-12-31; write it as 2026-11-30."),
        ("1999-12-31", None, "from is not a day from 2000-01-01 to 2199-12-31; write it as 2026-11-30."),
        (None, "２０２６-11-30", "to is not a day from 2000-01-01 to 2199-12-31; write it as 2026-11-30."),
        ("", None, "from is not a day from 2000-01-01 to 2199-12-31; write it as 2026-11-30."),
        ("20261130", None, "from is not a day from 2000-01-01 to 2199-12-31; write it as 2026-11-30."),
        (
            "2026-11-30",
            "2026-11-29",
            "from (2026-11-30) is after to (2026-11-29); give the earlier day first.",
        ),
        ("2023-11-26", "2026-11-30", "1101 days are too many; ask for at most 1100 at once."),
    ],
)
def test_days_that_cannot_be_are_refused(first: str | None, last: str | None, detail: str) -> None:
    with pytest.raises(ProblemError) as refused:
        choose_period(first, last, ZONE, now=NOW)
    assert (refused.value.status, refused.value.detail) == (422, detail)


def test_a_period_has_its_first_instant_the_one_after_it_and_the_days_before() -> None:
    period = choose_period("2026-11-01", "2026-11-30", ZONE, now=NOW)
    assert period.days == 30
    assert period.start == datetime(2026, 10, 31, 15, tzinfo=UTC)
    assert period.until == datetime(2026, 11, 30, 15, tzinfo=UTC)
    assert (period.before.first, period.before.last) == (date(2026, 10, 2), date(2026, 10, 31))
