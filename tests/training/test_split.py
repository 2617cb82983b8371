from datetime import timedelta

import numpy as np

from leadops.training.train_model import TimeSplit, split_by_time
from tests.training.conftest import DAY, START, settings
from tests.training.matrices import matrix, number

#: One lead a day for 100 days, every other one with the goal.
ROWS = matrix({"n": number(np.zeros(100))}, np.arange(100) % 2, start=START, hours=24)
WINDOWS = {"history_days": 730, "calibration_weeks": 2, "test_weeks": 4}
SETTINGS = settings(windows=WINDOWS, min_leads={"training": 20, "calibration": 7, "test": 14})


def test_the_newest_weeks_test_and_those_before_calibrate() -> None:
    parts = split_by_time(ROWS, newest=START + 100 * DAY, settings=SETTINGS)
    assert parts == TimeSplit(slice(0, 58), slice(58, 72), slice(72, 100))


def test_weeks_without_leads_are_too_little() -> None:
    later = split_by_time(ROWS, newest=START + 110 * DAY, settings=SETTINGS)
    assert later == (
        "test has 9 leads with the goal and needs 14; test has 9 leads without the goal and needs 14"
    )


def test_no_lead_at_all_has_its_usual_causes_named() -> None:
    empty = ROWS.take(slice(0, 0))
    assert split_by_time(empty, newest=START + 100 * DAY, settings=SETTINGS) == (
        "no MQL is 30 (horizon_days) to 730 days (history_days) old and was on record by the end of the day;"
        " imported ones are on record from their import on"
    )


def test_the_edge_belongs_to_the_newer_part() -> None:
    parts = split_by_time(
        ROWS, newest=START + 100 * DAY + timedelta(seconds=1), settings=settings(windows=WINDOWS)
    )
    assert parts == TimeSplit(slice(0, 59), slice(59, 73), slice(73, 100))
