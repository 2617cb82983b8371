from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from leadops.training.champion import find_champion, list_decisions
from leadops.training.model import load_model
from leadops.training.retrain import Retrained, retrain
from leadops.training.settings import TrainingSettings
from tests.training.conftest import COMPANY, DAY, START, World, settings

FEATURES = {
    "pricing": {"count": ["view_pricing"], "days": 30, "log": True, "sign": "positive"},
    "recency": {"recency": [], "log": True, "sign": "negative"},
    "employees": {"told": ["employees"], "log": True},
    "industry": {"told": ["industry"], "kind": "category"},
}
NOW = START + 140 * DAY


def last_day(days: float) -> date:
    return (START + days * DAY).date()


def fill(world: World, *, days: int = 100, each: int = 8, strength: float = 1.2, seed: int = 1) -> None:
    """MQLs of `days` days; the more pricing views, the likelier the SQL."""
    drawn = np.random.default_rng(seed)
    with world.connection.transaction():
        for number in range(days * each):
            at = START + (number / each) * DAY
            lead = world.lead(at=at - DAY)
            views = int(drawn.poisson(2))
            for view in range(views):
                world.event(lead, "view_pricing", at - timedelta(hours=view + 1))
            if number % 3:
                facts = {"employees": int(drawn.integers(10, 2000)), "industry": ["software", "finance"][number % 2]}
                world.event(lead, "identify", at - DAY, **facts)
            world.stage(lead, "mql", at)
            if drawn.random() < 1 / (1 + np.exp(-strength * (views - 2))):
                world.stage(lead, "sql", at + 3 * DAY)


def run(world: World, day: date, *, with_settings: TrainingSettings | None = None, **options: bool) -> Retrained:
    return retrain(
        world.connection,
        day=day,
        settings=with_settings or settings(FEATURES),
        company=COMPANY,
        now=NOW,
        **options,
    )


def test_the_first_model_takes_over_when_it_beats_the_rate_of_all(world: World) -> None:
    fill(world)
    made = run(world, last_day(130))
    assert made.outcome == "first", made.reason
    assert made.champion_id == made.model_id == find_champion(world.connection)
    model = load_model(world.connection, made.champion_id)
    assert dict(zip(model.columns, model.coefficients, strict=True))["pricing"] > 0.5
    assert model.measures["auc"] > 0.7
    assert made.leads == 800
