"""Rates and lead times, worked out by hand."""

import numpy as np
import pytest

from leadops.funnel.kaplan_meier import measure_lead_times


def measure(days: list[float], reached: list[int], **options: float) -> dict:
    given = {"within_days": 30, "min_leads": 2} | options
    return measure_lead_times(np.array(days, dtype=float), np.array(reached, dtype=bool), **given)


def test_open_leads_count_with_the_time_they_have_waited() -> None:
    # Of 5 at risk one goes at day 1 (4/5 stay open), of 4 one at day 2 (3/5), of 2 one at day 4 (3/10).
    found = measure([1, 2, 3, 4, 5], [1, 1, 0, 1, 0])

    assert (found["mqls"], found["reached"]) == (5, 3)
    assert found["rate"] == 0.6
    assert found["median_days"] == 4
    assert found["closed_median_days"] == 2  # of the three that went: too short
    assert "median_reason" not in found
    assert found["p90_days"] is None
    assert found["p90_reason"] == "not_reached"


def test_the_interval_is_that_of_greenwood_on_the_log_log_scale() -> None:
    # At day 2: S = 0.6, Greenwood's sum = 1/(5·4) + 1/(4·3) = 0.13333; log(−log S) = −0.67173,
    # its deviation √0.13333 / |log S| = 0.71482; S ** exp(±1.95996 · 0.71482) = 0.12573 and 0.88176.
    found = measure([1, 2, 3, 4, 5], [1, 1, 0, 1, 0], within_days=2.5)

    assert found["rate_within"] == pytest.approx(0.4)
    assert found["rate_within_low"] == pytest.approx(1 - 0.88176, abs=1e-5)
    assert found["rate_within_high"] == pytest.approx(1 - 0.12573, abs=1e-5)
    # The lower band is at most one half from day 1 on (0.204), the upper one never (0.719 at last).
    assert (found["median_low"], found["median_high"]) == (1, None)


def test_without_open_leads_it_is_the_plain_median() -> None:
    found = measure([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [1] * 10)

    assert (found["median_days"], found["p90_days"]) == (5, 9)
    assert (found["closed_median_days"], found["closed_mean_days"], found["closed_max_days"]) == (
        5.5,
        5.5,
        10,
    )
    assert (found["rate_within"], found["rate_within_low"], found["rate_within_high"]) == (1, 1, 1)


def test_nine_in_ten_of_twenty_have_reached_it_on_day_18() -> None:
    # Kaplan–Meier: after day 17 3 in 20 stay open, after day 18 2 in 20. Of those closed, 0.9 · 19 = 17.1
    # steps lie below the quantile: 18 + 0.1 of the way to 19.
    found = measure(list(range(1, 21)), [1] * 20)

    assert found["p90_days"] == 18
    assert found["closed_p90_days"] == pytest.approx(18.1)


def test_nobody_has_reached_it() -> None:
    found = measure([40, 50], [0, 0])

    assert (found["rate"], found["rate_within"]) == (0, 0)
    assert (found["median_days"], found["median_reason"]) == (None, "not_reached")
    assert "closed_median_days" not in found


def test_before_the_first_one_nobody_has_reached_it() -> None:
    assert measure([5, 40], [1, 0], within_days=4)["rate_within"] == 0


def test_whoever_reached_it_on_the_last_day_reached_it_within_the_days() -> None:
    # As above: at day 1 a fifth has, at day 2 two fifths.
    found = measure([1, 2, 3, 4, 5], [1, 1, 0, 1, 0], within_days=2)

    assert found["rate_within"] == pytest.approx(0.4)


def test_leads_that_are_all_too_young_say_nothing_of_the_month() -> None:
    found = measure([10, 12, 29], [1, 0, 0])

    assert found["rate_within_reason"] == "too_young"
    assert "rate_within" not in found


def test_too_few_leads_say_nothing() -> None:
    found = measure([10, 12, 29], [1, 1, 1], min_leads=4)

    assert found["median_reason"] == found["p90_reason"] == found["rate_within_reason"] == "too_few"
    assert "median_days" not in found
    assert found["closed_median_days"] == 12
