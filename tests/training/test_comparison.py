import numpy as np
import pytest

from leadops.training.comparison import compare_models
from tests.shipped import SHIPPED, change
from tests.training.matrices import drawn

RANDOM = np.random.default_rng(3)
LOGITS = RANDOM.normal(size=2000)
REACHED = drawn(LOGITS, seed=3)
TRUE = 1 / (1 + np.exp(-LOGITS))
SETTINGS = change(SHIPPED.training.comparison, resamples=400)
QUICK = change(SETTINGS, resamples=100)


def test_the_true_chances_beat_the_rate_of_all() -> None:
    found = compare_models(np.full(2000, REACHED.mean()), TRUE, REACHED, settings=SETTINGS)
    assert found.is_better
    assert found.gain == pytest.approx(found.champion_loss - found.challenger_loss)
    assert 0 < found.low < found.gain < found.high
    assert "gain +0." in found.sentence()


def test_the_same_model_is_not_better_than_itself() -> None:
    found = compare_models(TRUE, TRUE, REACHED, settings=SETTINGS)
    assert (found.gain, found.low, found.high, found.is_better) == (0, 0, 0, False)


def test_worse_is_not_better() -> None:
    found = compare_models(TRUE, 1 - TRUE, REACHED, settings=SETTINGS)
    assert found.high < 0


def test_the_pairs_make_small_gains_visible() -> None:
    """On leads that are hard for both, the gain of the one shows, though each loss alone is noisy."""
    blurred = 1 / (1 + np.exp(-0.4 * LOGITS))
    found = compare_models(blurred, TRUE, REACHED, settings=SETTINGS)
    assert found.is_better
    assert found.high - found.low < 0.03


def test_equal_models_are_crowned_about_as_often_as_the_confidence_says() -> None:
    """Two challengers with noise of their own, drawn alike: beyond noise in about one of forty, each way."""
    crowned = 0
    for seed in range(200):
        noise = np.random.default_rng(seed).normal(scale=0.3, size=(2, 400))
        logits = np.random.default_rng(seed + 1000).normal(size=400)
        one, two = (1 / (1 + np.exp(-(logits + each))) for each in noise)
        crowned += compare_models(one, two, drawn(logits, seed), settings=QUICK).is_better
    assert crowned <= 14


def test_the_interval_leaves_half_of_the_doubt_on_each_side() -> None:
    """95 %: the mean gain plus and minus 1.96 standard errors; 90 %: 1.645."""
    blurred = 1 / (1 + np.exp(-0.8 * LOGITS))
    gains = np.log(np.where(REACHED == 1, TRUE, 1 - TRUE)) - np.log(
        np.where(REACHED == 1, blurred, 1 - blurred)
    )
    error = gains.std() / np.sqrt(len(gains))
    for confidence, deviations in ((0.95, 1.96), (0.9, 1.645)):
        settings = change(SETTINGS, resamples=4000, confidence=confidence)
        found = compare_models(blurred, TRUE, REACHED, settings=settings)
        assert (found.high - found.low) / 2 / error == pytest.approx(deviations, rel=0.05)
