import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from leadops.training.measures import auc, auc_error, brier, lift, log_losses, measure
from tests.promises import promise_examples

SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.5, 0.2, 0.1])
REACHED = np.array([1, 1, 0, 1, 1, 0, 0, 0], dtype=np.int8)


def test_by_hand() -> None:
    """Of the 16 pairs 13 are in order and one ties: (13 + ½) / 16."""
    assert auc(SCORES, REACHED) == 13.5 / 16
    assert brier(np.array([0.8, 0.3]), np.array([1, 0])) == pytest.approx((0.04 + 0.09) / 2)
    assert auc(SCORES, np.ones(8, np.int8)) == 0.5


@pytest.mark.parametrize(
    ("capacity", "times"),
    [(2, 2.0), (4, 1.5), (5, 3.5 / 5 / 0.5), (6, 4 / 6 / 0.5), (8, 1.0), (99, 1.0), (0, 1.0)],
)
def test_lift_is_how_many_times_the_rate_the_best_have(capacity: int, times: float) -> None:
    """The fifth place is shared by a success and a failure: half a success."""
    assert lift(SCORES, REACHED, capacity=capacity) == pytest.approx(times)


def test_the_error_of_an_auc_is_that_of_the_paper() -> None:
    """Hanley and McNeil's example: AUC 0.893 of 51 abnormal and 58 normal cases has an error of 0.032."""
    assert auc_error(0.893, good=51, bad=58) == pytest.approx(0.032, abs=0.001)


@examples(max_examples=promise_examples(60), deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({reached for _, reached in rows}) == 2
    )
)
def test_measures_are_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    chances = np.array([chance / 100 for chance, _ in rows])
    reached = np.array([reached for _, reached in rows], dtype=np.int8)
    found = measure(chances, reached, capacity=3)
    assert found["auc"] == pytest.approx(roc_auc_score(reached, chances))
    assert found["brier"] == pytest.approx(brier_score_loss(reached, chances))
    assert log_losses(chances, reached).mean() == pytest.approx(log_loss(reached, chances))
