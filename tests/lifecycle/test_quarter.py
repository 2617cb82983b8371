from datetime import date

import pytest

from leadops.errors import PermanentError
from leadops.lifecycle.quarter import Quarter, find_quarter, read_quarter


def test_days_of_quarters() -> None:
    assert find_quarter(date(2026, 3, 31)) == Quarter(2026, 1)
    assert find_quarter(date(2026, 4, 1)) == Quarter(2026, 2)
    last = read_quarter("2026-Q4")
    assert (last.first_day, last.last_day) == (date(2026, 10, 1), date(2026, 12, 31))
    assert str(last.next()) == "2027-Q1"
    assert str(last.next().previous()) == "2026-Q4"


@pytest.mark.parametrize("text", ["2026Q3", "2026-Q5", "Q3", "", "2026-Q3-x", "1026-Q1"])
def test_what_is_no_quarter_is_said_in_one_line(text: str) -> None:
    with pytest.raises(PermanentError, match="2026-Q3"):
        read_quarter(text)
