from datetime import date

import numpy as np
import pytest

from leadops.attribution.samples import MOST_GROUPS, draw_samples, group_accounts

DAY = date(2026, 6, 30)


def test_each_account_is_a_group_while_there_are_few() -> None:
    group, groups = group_accounts(np.array([7, -3, 7, 9]))
    assert groups == 3
    assert group.tolist() == [1, 0, 1, 2]


def test_many_accounts_share_groups_evenly_and_always_the_same() -> None:
    accounts = np.arange(-50_000, 50_000)
    group, groups = group_accounts(np.concatenate([accounts, accounts[::-1]]))
    assert groups == MOST_GROUPS
    assert (group[:100_000] == group[100_000:][::-1]).all()
    sizes = np.bincount(group[:100_000], minlength=groups)
    assert set(sizes.tolist()) == {24, 25}
    # Neighbours by number are not neighbours by group.
    assert len(set(group[:1000].tolist())) > 800


def test_a_sample_holds_as_many_groups_as_there_are() -> None:
    weights = draw_samples(50, draws=20, seed=1, day=DAY)
    assert weights.shape == (20, 50)
    assert (weights.sum(axis=1) == 50).all()
    assert weights.mean(axis=0) == pytest.approx(1, abs=1)


def test_the_same_seed_and_day_give_the_same_samples() -> None:
    weights = draw_samples(9, draws=20, seed=1, day=DAY)
    assert (weights == draw_samples(9, draws=20, seed=1, day=DAY)).all()
    assert (weights != draw_samples(9, draws=20, seed=2, day=DAY)).any()
    assert (weights != draw_samples(9, draws=20, seed=1, day=date(2026, 7, 1))).any()


def test_without_accounts_there_is_nothing_to_draw() -> None:
    assert group_accounts(np.zeros(0, dtype=np.int64))[1] == 0
    assert draw_samples(0, draws=20, seed=1, day=DAY).shape == (20, 0)


@pytest.mark.parametrize("accounts", [2_000, 40_000])
def test_the_spread_of_a_sum_is_what_theory_says(accounts: int) -> None:
    """A tenth converts: the number varies by the root of n × 0.1 × 0.9, in groups or not."""
    converts = np.arange(accounts) % 10 == 0
    group, groups = group_accounts(np.arange(accounts))
    sums = draw_samples(groups, draws=2_000, seed=3, day=DAY) @ np.bincount(group, converts, groups)
    assert sums.mean() == pytest.approx(accounts / 10, rel=0.01)
    # A variance estimated from 2,000 draws is good to 3 %, from 4,096 groups to 2 %; its root to half that.
    assert sums.std() == pytest.approx((accounts * 0.09) ** 0.5, rel=0.06)
