from datetime import date
from typing import Any

import pytest

from leadops.errors import PermanentError
from leadops.reports.report_period import ReportPeriod, choose_period, parse_param_day

TODAY = date(2026, 10, 1)


def read(
    quarter: str | None = None, since: str | None = None, until: str | None = None, *, starts: int = 1
) -> ReportPeriod:
    return choose_period(
        quarter=quarter,
        first=parse_param_day(since),
        last=parse_param_day(until),
        today=TODAY,
        year_starts=starts,
    )


def test_a_quarter_days_or_the_last_whole_quarter() -> None:
    assert read() == ReportPeriod(date(2026, 7, 1), date(2026, 9, 30), 1)
    assert str(read(quarter="2025-Q4")) == "2025-Q4"
    assert str(read(since="2026-07-01", until="2026-07-31")) == "2026-07-01 – 2026-07-31"
    assert str(read(since="2026-07-01", until="2026-09-30")) == "2026-Q3"


def test_quarters_are_those_of_the_companys_year() -> None:
    assert str(read(starts=4)) == "FY2026/27-Q2"
    assert read(starts=2) == ReportPeriod(date(2026, 5, 1), date(2026, 7, 31), 2)  # August's is not over
    assert str(read(quarter="2025-Q4", starts=4)) == "FY2025/26-Q3"
    assert str(read(quarter="FY2025/26-Q3", starts=2)) == "FY2025/26-Q3"
    # The calendar's quarter can be reported on, under its days.
    assert str(read(quarter="2025-Q4", starts=2)) == "2025-10-01 – 2025-12-31"
    assert str(read(since="2026-07-01", until="2026-09-30", starts=4)) == "FY2026/27-Q2"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"quarter": "2026-Q3", "since": "2026-07-01"}, "not both"),
        ({"since": "2026-07-01"}, "both days"),
        ({"since": "2026-07-02", "until": "2026-07-01"}, "must not lie before"),
        ({"since": "1 July", "until": "2026-07-01"}, "given as 2026-07-31"),
        ({"quarter": "Q3"}, "given as 2026-Q3"),
    ],
)
def test_what_cannot_be_is_one_line(given: dict[str, Any], says: str) -> None:
    with pytest.raises(PermanentError, match=says) as caught:
        read(**given)
    assert "\n" not in str(caught.value)
