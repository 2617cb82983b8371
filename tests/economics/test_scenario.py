from decimal import Decimal

import pytest

from leadops.economics.scenario import read_scenario
from leadops.errors import PermanentError

D = Decimal
GIVEN = {"mqls": "1200", "sql_rate": "0.15:0.29", "win_rate": "0.22", "acv": "1200000"}


def test_the_worked_example() -> None:
    scenario = read_scenario(**GIVEN, cost=None)
    assert scenario.before.won == D("39.6")
    assert scenario.after.won == D("76.56")
    assert (scenario.before.revenue, scenario.after.revenue) == (47_520_000, 91_872_000)
    assert scenario.times is not None
    assert round(scenario.times, 2) == D("1.93")
    # The ratio is that of the SQL rates alone; 2.1 times does not follow from these inputs.
    assert scenario.times == D("0.29") / D("0.15")
    assert round(scenario.times, 1) != D("2.1")
    assert scenario.before.cac is None


def test_what_each_range_does_alone() -> None:
    scenario = read_scenario(**GIVEN | {"win_rate": "0.22:0.11"}, cost=None)
    alone = scenario.alone()
    assert {name: inputs.won for name, inputs in alone.items()} == {
        "sql_rate": D("76.56"),
        "win_rate": D("19.8"),
    }
    assert scenario.after.won == D("38.28")


def test_ten_percent_more_of_each_and_no_rate_above_one() -> None:
    scenario = read_scenario(mqls="100", sql_rate="0.5", win_rate="0.95", acv="10", cost="950")
    raised = scenario.sensitivity()
    assert scenario.before.cac == 20  # 950 for 47.5 deals
    assert raised["mqls"].won == D("52.25")
    assert raised["win_rate"].win_rate == 1
    assert raised["acv"].won == D("47.5")
    assert raised["acv"].revenue == D("522.5")
    assert raised["cost"].cac == 22


def test_none_won_before_has_no_ratio_and_no_cac() -> None:
    scenario = read_scenario(mqls="0:10", sql_rate="0.5", win_rate="0.5", acv="10", cost="5")
    assert scenario.times is None
    assert scenario.before.cac is None
    assert scenario.after.cac == 2
    assert read_scenario(mqls="0", sql_rate="0.5", win_rate="0.5", acv="10", cost=None).times is None


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("mqls", "many", "--mqls must be a number"),
        ("mqls", "1:2:3", "--mqls must be a number"),
        ("mqls", "", "--mqls must be a number"),
        ("mqls", "nan", "--mqls must be a number"),
        ("mqls", "-1", "--mqls must not be negative"),
        ("acv", "1e40", "--acv must not be negative, nor above"),
        ("mqls", "1e-999999", "--mqls must not be negative, nor above"),
        ("win_rate", "0.2:1e-19", "--win-rate must not be negative, nor above"),
        ("sql_rate", "15", "--sql-rate must lie between 0 and 1: give 15 % as 0.15"),
        ("win_rate", "0.2:-1", "--win-rate must lie"),
    ],
)
def test_a_bad_input_is_one_line(name: str, text: str, says: str) -> None:
    with pytest.raises(PermanentError, match=says) as caught:
        read_scenario(**GIVEN | {name: text}, cost=None)
    assert "\n" not in str(caught.value)
