from dataclasses import replace

import numpy as np
import pytest

from benchmarks.ranking_worlds import EFFECT, MORE_PATHS, NEWEST, PATHS, RatePath, count_outcomes, make_world
from leadops.training.evaluate_challenger import ChallengerVerdict, evaluate_challenger
from leadops.training.matrix import Matrix
from tests.shipped import SHIPPED, change

SETTINGS = SHIPPED.training
QUICK = change(SETTINGS, comparison={"resamples": 200})

#: Of the whole study, `python -m benchmarks ranking_worlds`, which has 40 worlds each.
WORLDS = 8


def evaluate(matrix: Matrix) -> ChallengerVerdict:
    return evaluate_challenger(
        matrix, late=[], champion=None, champion_matrix=matrix, newest=NEWEST, settings=QUICK
    )


@pytest.mark.parametrize("path", [*PATHS, MORE_PATHS[4]], ids=lambda path: path.name)
def test_noise_does_not_take_effect_when_the_rate_moves(path: RatePath) -> None:
    assert count_outcomes(path, effect=0, worlds=WORLDS, settings=QUICK)["first"] <= 1


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_an_honest_model_takes_effect_when_the_rate_moves(path: RatePath) -> None:
    assert count_outcomes(path, effect=EFFECT, worlds=WORLDS, settings=QUICK)["first"] >= WORLDS - 1


def test_the_baseline_is_the_rate_of_the_calibration_weeks() -> None:
    """8 % before, 20 % in calibration and test weeks: the loss of that rate on the test weeks, by hand."""
    matrix = make_world(PATHS[0], effect=EFFECT, seed=1)
    found = evaluate(matrix).findings
    weeks = 7 * 86_400
    age = NEWEST.timestamp() - matrix.at
    calibration = matrix.reached[(age > 4 * weeks) & (age <= 8 * weeks)]
    test = matrix.reached[age <= 4 * weeks]
    rate = (calibration.sum() + 1) / (len(calibration) + 2)
    loss = -(test.mean() * np.log(rate) + (1 - test.mean()) * np.log(1 - rate))
    assert found["against"] == "the rate of the calibration weeks"
    assert found["comparison"]["champion_loss"] == pytest.approx(loss)
    assert rate == pytest.approx(0.2, abs=0.05)


def test_drift_is_reported_at_a_first_training_too() -> None:
    """In the test weeks one count is three higher, and the goal more frequent, than in the training weeks."""
    matrix = make_world(PATHS[0], effect=EFFECT, seed=2)
    column = matrix.columns["count 3"]
    assert column.numbers is not None
    in_test = matrix.at > NEWEST.timestamp() - 28 * 86_400
    moved = replace(column, numbers=column.numbers + 3 * in_test.astype(np.float32))
    verdict = evaluate(replace(matrix, columns=matrix.columns | {"count 3": moved}))
    assert verdict.findings["drifted"] == ["count 3"]
    assert verdict.findings["drift"]["count 3"] > 1 > 0.25 > verdict.findings["drift"]["count 4"]
    assert "; drifted since the training weeks: count 3; the rate of the goal went from " in verdict.reason


def test_a_world_without_drift_reports_none() -> None:
    verdict = evaluate(make_world(PATHS[2], effect=EFFECT, seed=3))
    assert verdict.findings["drifted"] == []
    assert "drifted" not in verdict.reason
