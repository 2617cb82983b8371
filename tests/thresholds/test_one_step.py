"""How far a change goes by itself, and which question is the same as one before, by hand-worked values."""

from datetime import date
from typing import NamedTuple

import pytest

from leadops.thresholds.forecast import Forecast
from leadops.thresholds.one_step import AskedPair, find_question, find_step

from .conftest import load_quick_rules

SETTINGS = load_quick_rules().thresholds.model_copy(update={"max_step": 5, "sla_minutes": [60, 120, 240]})


class Active(NamedTuple):
    threshold: int
    target: float


class World:
    """SQLs a week by pair; those of other pairs are 1."""

    settings = SETTINGS

    def __init__(self, sqls: dict[tuple[float, float], float], broken: set[tuple[float, float]]) -> None:
        self.sqls, self.broken = sqls, broken

    def forecast(self, threshold: float, target: float) -> Forecast:
        return Forecast(threshold, target, 10, self.sqls.get((threshold, target), 1), 1, 1, 1)

    def keeps_promise(self, pair: Forecast) -> bool:
        return (pair.threshold, pair.sla_minutes) not in self.broken


@pytest.mark.parametrize(
    ("then", "sqls", "broken", "step"),
    [
        ((90, 60), {}, set(), (65, 120)),
        ((30, 240), {}, set(), (55, 240)),
        ((63, 60), {}, set(), (63, 120)),
        ((90, 60), {(65, 240): 2}, set(), (65, 240)),
        ((90, 60), {(60, 120): 2}, set(), (60, 120)),
        # Both cost SQLs, or break what is kept.
        ((90, 60), {(65, 120): 0.9}, {(65, 240)}, (60, 120)),
        ((90, 240), {(65, 240): 0.9}, set(), None),
        # What is not kept now cannot be broken.
        ((90, 240), {}, {(60, 240), (65, 240)}, (65, 240)),
        ((90, 240), {}, {(65, 240)}, None),
    ],
)
def test_the_best_single_step_towards_a_pair(then, sqls, broken, step) -> None:
    world = World(sqls, broken)
    found = find_step(world, world.forecast(*then), Active(60, 240))  # type: ignore[arg-type]
    assert (found and (found.threshold, found.sla_minutes)) == step


@pytest.mark.parametrize(
    ("then", "asked_on"),
    [
        ((90, 240), 3),
        ((94.5, 240), 3),
        ((85.5, 240), 3),
        ((95, 240), None),
        ((85, 240), None),
        ((90, 120), None),
        ((71, 60), 1),
    ],
)
def test_a_pair_less_than_a_step_away_was_asked_about(then, asked_on) -> None:
    asked = [(1, 70, 60), (2, 90, 240), (3, 90, 240)]
    pairs = [AskedPair(date(2026, 6, day), threshold, target) for day, threshold, target in asked]
    found = find_question(pairs, World({}, set()).forecast(*then), settings=SETTINGS)
    assert (found and found.day.day) == asked_on
