"""Which model is in effect, after days that were decided in their order and again."""

from datetime import date
from typing import Any

import pytest

from leadops.training.champion import find_champion, find_decision, list_decisions, record_decision
from tests.training.conftest import START, World

FIRST, SECOND, THIRD = date(2026, 7, 1), date(2026, 7, 2), date(2026, 7, 3)


@pytest.fixture
def decided(world: World) -> World:
    """The first day makes 11 champion, the second 22; then the first is decided again, for 33."""
    for day, champion in ((FIRST, 11), (SECOND, 22), (FIRST, 33)):
        facts: dict[str, Any] = {"outcome": "first", "reason": "", "inputs_hash": "", "findings": {}}
        record_decision(
            world.connection, day=day, model_id=champion, champion_id=champion, now=START, **facts
        )
    return world


@pytest.mark.parametrize(("before", "champion"), [(None, 22), (THIRD, 22), (SECOND, 33), (FIRST, None)])
def test_a_day_decided_again_counts_for_the_days_until_the_next_decision(
    decided: World, before: date | None, champion: int | None
) -> None:
    assert find_champion(decided.connection, before=before) == champion


def test_the_newest_decision_of_a_day_is_its_decision(decided: World) -> None:
    found = [find_decision(decided.connection, day=day) for day in (FIRST, SECOND, THIRD)]
    assert [decision and decision.champion_id for decision in found] == [33, 22, None]


@pytest.mark.parametrize(("limit", "champions"), [(9, [22, 33]), (1, [22])])
def test_each_day_is_listed_once_the_newest_day_first(
    decided: World, limit: int, champions: list[int]
) -> None:
    assert [each.champion_id for each in list_decisions(decided.connection, limit=limit)] == champions
