import numpy as np
import pytest

from leadops.training import model_selection
from leadops.training.encode import Encoding
from leadops.training.model_selection import choose_penalty, find_wrong_signs
from leadops.training.training_settings import Feature
from tests.training.matrices import CATEGORY, drawn


def encoding(name: str, sign: str, *, flag: bool = False) -> Encoding:
    feature = Feature.model_validate({"count": [], "sign": sign})
    return Encoding(name=name, feature=feature, high=1, flag=flag)


def test_signs_are_read_from_the_features_own_column() -> None:
    encodings = [
        encoding("right", "positive", flag=True),
        Encoding(name="words", feature=CATEGORY, categories=("a", "b")),
        encoding("little wrong", "positive"),
        encoding("very wrong", "negative", flag=True),
        encoding("either", "any"),
    ]
    coefficients = np.array([1.0, -9.0, -9.0, 9.0, -0.1, 2.0, -9.0, -9.0])
    found = find_wrong_signs(encodings, coefficients)
    assert [(place, each.feature) for place, each in found] == [(3, "very wrong"), (2, "little wrong")]
    assert "must be negative, and came out as +2.0000 a deviation" in found[0][1].reason


def test_a_weight_of_nothing_is_not_wrong() -> None:
    assert find_wrong_signs([encoding("none", "positive")], np.array([0.0])) == []


def test_many_columns_of_noise_want_a_strong_penalty_and_a_plain_truth_a_weak_one() -> None:
    random = np.random.default_rng(0)
    noise = random.normal(size=(150, 40))
    assert choose_penalty(noise, drawn(np.zeros(150)), [0.001, 100.0]) == 0.001
    truth = random.normal(size=(2000, 2))
    assert choose_penalty(truth, drawn(3 * truth[:, 0], seed=1), [0.001, 100.0]) == 100.0


def test_one_penalty_needs_no_trial() -> None:
    assert choose_penalty(np.empty((0, 1)), np.empty(0, np.int8), [0.5]) == 0.5


def test_the_newest_fifth_chooses_and_of_equals_the_stronger_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted: list[int] = []

    class Blind:
        """Says nothing of any lead, whatever the penalty."""

        def decision_function(self, columns: np.ndarray) -> np.ndarray:
            fitted.append(len(columns))
            return np.zeros(len(columns))

    def fit(columns: np.ndarray, reached: np.ndarray, *, penalty: float) -> Blind:
        fitted.append(len(reached))
        return Blind()

    monkeypatch.setattr(model_selection, "fit_logistic", fit)
    reached = np.array([0, 1] * 50, dtype=np.int8)
    assert choose_penalty(np.zeros((100, 1)), reached, [10.0, 0.1, 1.0]) == 0.1
    assert fitted == [80, 20] * 3
