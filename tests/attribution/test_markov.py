"""The removal effect against chains worked out by hand, by power iteration, and by walking."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.attribution.markov import Steps, count_steps, remove_each, share_by_removal
from tests.attribution.paths import Path, make_journeys, random_paths
from tests.promises import promise_examples


def steps_of(paths: list[Path], channels: int) -> Steps:
    journeys = make_journeys(paths)
    group = np.zeros(len(journeys.person), dtype=np.int64)
    return count_steps(journeys, journeys.name, channels, group, np.ones((1, 1)))


def path(channels: list[int], cents: int | None = 0) -> Path:
    return Path(channels, [0.0] * len(channels), cents)


def test_three_paths_by_hand() -> None:
    """A→B→sale (10.00), A→nothing, B→sale (20.00).

    start: A 2/3, B 1/3; A: B 1/2, nothing 1/2; B: sale 1. Without A only start→B is left: 1/3 sells of 2/3.
    Without B nothing sells. So the effects are 1/3 and 2/3, the shares too. A sale from B brings 15.00 on
    average: in value the shares are the same.
    """
    steps = steps_of([path([0, 1], 1000), path([0], None), path([1], 2000)], 2)
    conversions, value = remove_each(steps)
    assert conversions[0] == pytest.approx([1 / 3, 2 / 3])
    assert value[0] == pytest.approx([500, 1000])
    shares, _ = share_by_removal(steps)
    assert shares[0] == pytest.approx([1 / 3, 2 / 3])


def test_null_paths_change_the_credit() -> None:
    """A→B→sale, B→sale, with and without ten people whom B alone did not move: B's share falls.

    With them: start: A 1/12, B 11/12; B: sale 2/12. Without A: 11/12 × 1/6; without B: 0. In all: 1/6.
    Effects 1/12 × 1/6 and 1/6: shares 1/13 and 12/13. Without: start 1/2 each, B sells always: 1/2 and 1.
    """
    paths = [path([0, 1]), path([1])]
    assert share_by_removal(steps_of(paths, 2))[0][0] == pytest.approx([1 / 3, 2 / 3])
    paths += [path([1], None)] * 10
    assert share_by_removal(steps_of(paths, 2))[0][0] == pytest.approx([1 / 13, 12 / 13])


def test_without_conversions_nobody_has_a_share() -> None:
    shares, value = share_by_removal(steps_of([path([0, 1], None)], 2))
    assert shares[0].tolist() == value[0].tolist() == [0, 0]


def test_where_nothing_is_worth_anything_value_goes_as_conversions_do() -> None:
    shares, value = share_by_removal(steps_of([path([0, 1], 0), path([1], 0)], 2))
    assert value[0].tolist() == shares[0].tolist()


@given(random_paths())
@settings(max_examples=promise_examples(60), deadline=None)
def test_the_closed_form_is_what_power_iteration_finds(paths: list[Path]) -> None:
    steps = steps_of(paths, 4)
    conversions, value = remove_each(steps)
    for column, found in (("conversions", conversions), ("value", value)):
        whole = iterate(steps, column, without=None)
        lost = [whole - iterate(steps, column, without=channel) for channel in range(4)]
        assert found[0] == pytest.approx(lost, abs=1e-6 * max(whole, 1))


@given(random_paths())
@settings(max_examples=promise_examples(40), deadline=None)
def test_a_channel_in_no_path_that_converts_has_no_share(paths: list[Path]) -> None:
    # Channel 4 is seen last, and by people who do not convert, only.
    shares, _ = share_by_removal(steps_of([*paths, path([1, 4], None), path([4], None)], 5))
    assert shares[0][4] == 0


def test_the_closed_form_is_what_walking_finds() -> None:
    paths = [
        path([0, 1, 0, 2], 1),
        path([0], None),
        path([2, 1], None),
        path([1, 1], 1),
        path([2, 0, 0], None),
    ]
    steps = steps_of(paths, 3)
    conversions, _ = remove_each(steps)
    walker, walks = random.Random(1), 40_000
    states = [walk(steps, walker) for _ in range(walks)]
    for channel in range(3):
        # What is lost without it: walks that sell and came by it.
        lost = sum(sells and channel in seen for sells, seen in states) / walks
        assert conversions[0][channel] == pytest.approx(lost, abs=4 * (0.25 / walks) ** 0.5)


def iterate(steps: Steps, column: str, *, without: int | None) -> float:
    """What a path brings on average, step by step until nobody is under way; `without` leads to nothing."""
    begins, moves, ends = steps.begins[0], steps.moves[0], getattr(steps, column)[0]
    leaving = moves.sum(axis=1) + steps.conversions[0] + steps.losses[0]
    there = begins / max(begins.sum(), 1)
    brought = 0.0
    for _ in range(20_000):
        if without is not None:
            there[without] = 0
        if there.sum() < 1e-12:
            break
        rate = there / np.where(leaving > 0, leaving, 1)
        brought += float(rate @ ends)
        there = rate @ moves
    return brought


def walk(steps: Steps, walker: random.Random) -> tuple[bool, set[int]]:
    seen: set[int] = set()
    (at,) = walker.choices(range(3), steps.begins[0])
    while True:
        seen.add(at)
        weights = [*steps.moves[0][at], steps.conversions[0][at], steps.losses[0][at]]
        (at,) = walker.choices(range(5), weights)
        if at >= 3:
            return at == 3, seen


@given(st.integers(1, 5))
@settings(deadline=None)
def test_samples_are_worked_out_together_as_each_alone(count: int) -> None:
    paths = [path([0, 1], 5), path([1], None), path([2, 0], 7), path([2], None), path([1, 2, 2], 1)]
    journeys = make_journeys(paths)
    group = np.arange(len(journeys.person))
    weights = np.random.default_rng(count).integers(0, 3, size=(count, len(group))).astype(float)
    together = share_by_removal(count_steps(journeys, journeys.name, 3, group, weights))
    for row in range(count):
        alone = share_by_removal(count_steps(journeys, journeys.name, 3, group, weights[row : row + 1]))
        for both, one in zip(together, alone, strict=True):
            assert both[row] == pytest.approx(one[0])
