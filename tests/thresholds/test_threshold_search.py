import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.thresholds.threshold_search import SAME, find_best
from tests.promises import promise_examples


def shrink(leads, chances):
    """A desk for three leads: more of them share its time."""
    return chances * np.minimum(1.0, 3.0 / leads)


def test_by_hand() -> None:
    """90 → 0.8; 90, 80 → 1.3; 90, 80, 70 → 1.7; with 60 five share three's time: 1.9 × 3/5 = 1.14."""
    scores = np.array([60, 90, 70, 80, 60])
    chances = np.array([0.1, 0.8, 0.4, 0.5, 0.1])
    best = find_best(scores, chances, shrink)
    assert (best.score, best.leads) == (70, 3)
    assert best.value == pytest.approx(1.7)


def test_of_equal_thresholds_the_one_that_lets_in_fewest() -> None:
    best = find_best([3, 2, 1], [0.5, 0.0, 0.0], lambda leads, chances: chances)
    assert best.score == 3


def test_a_row_may_stand_for_many_leads() -> None:
    """7 → 3 leads, 3.0; 5 → 9 leads, 3 + 1 + 1 = 5.0."""
    best = find_best([5, 7, 5], [0.5, 1.0, 0.25], lambda leads, chances: chances, leads=[2, 3, 4])
    assert best == (5, 9, 5, 5)


def test_nothing_to_try() -> None:
    with pytest.raises(ValueError, match="no score"):
        find_best([], [], shrink)


@settings(max_examples=promise_examples(300), deadline=None)
@given(
    leads=st.lists(
        st.tuples(st.integers(0, 30) | st.floats(-1e3, 1e3), st.floats(0, 1)), min_size=1, max_size=60
    ),
    room=st.floats(0.5, 40),
    power=st.floats(0, 3),
)
def test_it_is_what_trying_every_threshold_finds(leads, room, power) -> None:
    def objective(count, chances):
        return chances * np.minimum(1.0, room / count) ** power

    tried = {}
    for threshold in {score for score, _ in leads}:
        over = [chance for score, chance in leads if score >= threshold]
        tried[threshold] = objective(len(over), math.fsum(over))
    most = max(tried.values())
    best = find_best(*map(np.array, zip(*leads, strict=True)), objective)
    assert best.value == pytest.approx(most, rel=1e-12)
    assert tried[best.score] == pytest.approx(most, rel=1e-12)
    clearly_better = [t for t, value in tried.items() if t > best.score and value >= most * (1 + SAME)]
    assert not clearly_better
    assert best.leads == sum(score >= best.score for score, _ in leads)


@pytest.mark.parametrize("drawers", [1, 4, 64])
@settings(max_examples=promise_examples(100), deadline=None)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 30) | st.floats(-1e3, 1e3), st.floats(0, 1), st.integers(1, 5)),
        min_size=65,
        max_size=90,
    ),
    room=st.floats(0.5, 40),
    is_lead=st.booleans(),
)
def test_drawers_find_what_sorting_all_finds(drawers, rows, room, is_lead) -> None:
    """With more rows than drawers, only the drawers that may hold the best are sorted."""

    def objective(count, chances):
        return chances * np.minimum(1.0, room / count)

    scores, chances, weights = map(np.array, zip(*rows, strict=True))
    leads = None if is_lead else weights
    every = find_best(scores, chances, objective, leads=leads)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("leadops.thresholds.threshold_search.BUCKETS", drawers)
        found = find_best(scores, chances, objective, leads=leads)
    assert found.value == pytest.approx(every.value, rel=1e-9)
    if found.score != every.score:  # as good, but for the last digits of a sum
        assert abs(found.value - every.value) <= 2 * SAME * abs(every.value)
        return
    assert found.leads == every.leads
    assert found.chances == pytest.approx(every.chances, rel=1e-9)


def test_many_rows_by_hand() -> None:
    """5,000 leads a score; 9: 5,000 × 0.5, with 8: 10,000 leads share the time of 6,000, 3,000 × 0.6."""
    scores = np.repeat([8, 9, 7], 5_000)
    chances = np.repeat([0.1, 0.5, 0.0], 5_000)
    best = find_best(scores, chances, lambda leads, sums: sums * np.minimum(1.0, 6_000 / leads))
    assert best == (9, 5_000, 2_500, 2_500)
    same = find_best(np.full(5_000, 3.0), np.full(5_000, 0.5), lambda leads, sums: sums)
    assert same == (3, 5_000, 2_500, 2_500)
