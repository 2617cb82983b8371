"""All models over the same journeys: credits tie to the last unit, whatever the paths."""

import random
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.attribution.attribution_settings import MODELS
from leadops.attribution.credits import Credit, credit_units
from leadops.attribution.samples import Samples, draw_samples, group_accounts
from tests.attribution.paths import Path, make_journeys, names, random_paths
from tests.promises import promise_examples
from tests.shipped import SHIPPED

NUMBERS = SHIPPED.attribution.models


def credit(paths: list[Path], *, channels: int = 4, accounts: list[int] | None = None) -> list[Credit]:
    journeys = make_journeys(paths)
    group, groups = group_accounts(np.array(accounts) if accounts else journeys.person)
    samples = Samples(group, draw_samples(groups, draws=40, seed=1, day=date(2026, 6, 30)), 0.95)
    return list(credit_units(journeys, journeys.name, names(channels), models=NUMBERS, samples=samples))


@given(random_paths())
@settings(max_examples=promise_examples(60), deadline=None)
def test_every_model_sums_to_the_conversions_and_to_the_value(paths: list[Path]) -> None:
    values = [path.cents for path in paths if path.cents is not None]
    found = credit(paths)
    for model in MODELS:
        of_model = [one for one in found if one.model == model]
        assert sum(one.conversions for one in of_model) == len(values)
        assert sum(one.value for one in of_model) == Decimal(sum(values)) / 100
        assert all(one.conversions >= 0 <= one.value for one in of_model)


@given(random_paths())
@settings(max_examples=promise_examples(40), deadline=None)
def test_conversions_without_a_touch_are_told_apart_by_every_model(paths: list[Path]) -> None:
    untouched = [path.cents for path in paths if path.cents is not None and not path.channels]
    none = [one for one in credit(paths) if one.name == "(none)"]
    assert len(none) == (len(MODELS) if untouched else 0)
    assert all(one.conversions == len(untouched) for one in none)
    assert all(one.value == Decimal(sum(untouched)) / 100 for one in none)


@given(random_paths(), st.randoms(use_true_random=False))
@settings(max_examples=promise_examples(40), deadline=None)
def test_the_channels_numbers_change_nothing(paths: list[Path], shuffler: random.Random) -> None:
    """Channels under other numbers get the same, but for the unit that a tie leaves over."""
    order = [0, 1, 2, 3]
    shuffler.shuffle(order)
    moved = [Path([order[channel] for channel in path.channels], path.ages, path.cents) for path in paths]
    before = {(one.model, one.name): one for one in credit(paths)}
    for one in credit(moved):
        name = one.name if one.name == "(none)" else f"c{order.index(int(one.name[1:]))}"
        assert abs(one.value - before[one.model, name].value) <= Decimal("0.01")
        assert abs(one.conversions - before[one.model, name].conversions) <= Decimal("0.000001")


def test_the_interval_holds_the_credit_and_is_wider_with_fewer_accounts() -> None:
    paths = [Path([number % 2, 0], [2.0, 1.0], 100 if number % 3 else None) for number in range(300)]
    by_person = {one.name: one for one in credit(paths, channels=2) if one.model == "linear"}
    few = [number % 6 for number in range(300)]
    by_account = {one.name: one for one in credit(paths, channels=2, accounts=few) if one.model == "linear"}
    for name, one in by_person.items():
        assert one.conversions_low < one.conversions < one.conversions_high
        assert one.value_low < one.value < one.value_high
        assert by_account[name].conversions == one.conversions


def test_an_account_that_never_varies_has_no_width() -> None:
    """One account: each sample is that account."""
    found = credit([Path([0], [1.0], 500), Path([1], [1.0], None)], accounts=[4, 4])
    first = [one for one in found if one.name == "c0"]
    assert {(one.conversions_low, one.conversions, one.conversions_high) for one in first} == {(1, 1, 1)}
    assert {(one.value_low, one.value_high) for one in first} == {(5, 5)}


def test_samples_in_portions_are_the_same_as_all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path([number % 4, number % 3], [2.0, 1.0], 100 if number % 5 else None) for number in range(60)]
    at_once = credit(paths)
    monkeypatch.setattr("leadops.attribution.credits.MOST_STEPS", 7 * 4**2)
    assert credit(paths) == at_once
