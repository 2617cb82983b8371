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


def test_meeting_a_new_rate_without_ranking_is_not_better() -> None:
    """The rate went from 8 to 20 %; the challenger knows it, and its order is chance."""
    dice = np.random.default_rng(11)
    reached = (dice.random(400) < 0.2).astype(np.int8)
    chances = np.clip(0.2 + dice.normal(scale=0.01, size=400), 0.01, 0.99)
    found = compare_models(np.full(400, 0.08), chances, reached, settings=SETTINGS)
    assert found.low > 0
    assert found.auc_low < 0.5 < found.auc_high
    assert not found.is_better
    assert found.find_fault() == "it does not rank the leads better than chance beyond noise"


def test_a_constant_is_refused_however_well_it_meets_the_rate() -> None:
    rate = float(REACHED.mean())
    found = compare_models(np.full(2000, 0.01), np.full(2000, rate), REACHED, settings=QUICK)
    assert found.low > 0
    assert found.find_fault() == "it gives every lead the same probability"
    nearly = np.full(2000, rate) + 1e-7 * LOGITS / np.abs(LOGITS).max()
    assert compare_models(np.full(2000, 0.01), nearly, REACHED, settings=QUICK).find_fault() is not None


def test_a_challenger_that_ranks_worse_does_not_win_by_the_rate_alone() -> None:
    """The champion has the true order at another rate; the challenger has half the order at the true rate."""
    stale = 1 / (1 + np.exp(-(LOGITS + 2)))
    blurred = LOGITS + np.random.default_rng(12).normal(scale=1.5, size=2000)
    found = compare_models(stale, 1 / (1 + np.exp(-0.4 * blurred)), REACHED, settings=SETTINGS)
    assert found.low > 0
    assert found.auc_low > 0.5
    assert found.find_fault() == "it ranks the leads worse"


def test_the_same_order_at_the_new_rate_is_better() -> None:
    stale = 1 / (1 + np.exp(-(LOGITS + 2)))
    found = compare_models(stale, TRUE, REACHED, settings=SETTINGS)
    assert found.challenger_auc == found.champion_auc
    assert found.is_better
