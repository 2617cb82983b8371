from datetime import date, timedelta

import numpy as np
import pytest

from leadops.training.champion import find_champion, list_decisions
from leadops.training.model import load_model
from leadops.training.retrain import TrainingResult, retrain
from leadops.training.training_settings import TrainingSettings
from tests.training.conftest import COMPANY, DAY, START, World, settings

pytestmark = pytest.mark.uncommitted

FEATURES = {
    "pricing": {"count": ["view_pricing"], "days": 30, "log": True, "sign": "positive"},
    "recency": {"recency": [], "log": True, "sign": "negative"},
    "employees": {"properties": ["employees"], "log": True},
    "industry": {"properties": ["industry"], "kind": "category"},
}
NOW = START + 140 * DAY


def last_day(days: float) -> date:
    return (START + days * DAY).date()


def fill(world: World, *, days: int = 100, each: int = 8, strength: float = 1.2, seed: int = 1) -> None:
    """MQLs of `days` days; the more pricing views, the likelier the SQL."""
    drawn = np.random.default_rng(seed)
    with world.connection.transaction(), world.at_once():
        for number in range(days * each):
            at = START + (number / each) * DAY
            lead = world.lead(at=at - DAY)
            views = int(drawn.poisson(2))
            for view in range(views):
                world.event(lead, "view_pricing", at - timedelta(hours=view + 1))
            if number % 3:
                facts = {
                    "employees": int(drawn.integers(10, 2000)),
                    "industry": ["software", "finance"][number % 2],
                }
                world.event(lead, "identify", at - DAY, **facts)
            world.stage(lead, "mql", at)
            if drawn.random() < 1 / (1 + np.exp(-strength * (views - 2))):
                world.stage(lead, "sql", at + 3 * DAY)


def run(
    world: World, day: date, *, with_settings: TrainingSettings | None = None, **options: bool
) -> TrainingResult:
    return retrain(
        world.connection,
        day=day,
        settings=with_settings or settings(FEATURES),
        company=COMPANY,
        now=NOW,
        **options,
    )


def test_the_first_model_takes_over_when_it_beats_the_rate_of_the_calibration_weeks(world: World) -> None:
    fill(world)
    made = run(world, last_day(130))
    assert made.outcome == "first", made.reason
    assert made.champion_id == made.model_id == find_champion(world.connection)
    model = load_model(world.connection, made.champion_id)
    assert dict(zip(model.columns, model.coefficients, strict=True))["pricing"] > 0.5
    assert model.measures["auc"] > 0.7
    assert made.leads == 800


def test_the_same_day_again_is_decided_once_and_a_dry_run_keeps_nothing(world: World) -> None:
    fill(world)
    dry = run(world, last_day(130), dry_run=True)
    assert dry.outcome == "first"
    assert list_decisions(world.connection, limit=9) == []
    first = run(world, last_day(130))
    assert run(world, last_day(130)) == first
    assert dry.findings == first.findings
    assert world.rows("select count(*) from training.decisions") == [(1,)]
    assert world.rows("select count(*) from training.models") == [(1,)]


def test_what_came_after_the_day_does_not_change_its_decision(world: World) -> None:
    fill(world)
    before = run(world, last_day(130))
    for lead in (1, 2, 3):
        world.event(lead, "view_pricing", START, received=START + 138 * DAY)
        world.stage(lead, "won", START + DAY, recorded=START + 138 * DAY)
    world.stage(world.lead(), "mql", START + DAY, recorded=START + 138 * DAY)
    assert run(world, last_day(130)) == before
    assert run(world, last_day(139)).findings["data"]["hash"] != before.findings["data"]["hash"]


def test_the_champion_stays_unless_the_challenger_is_better_beyond_noise(world: World) -> None:
    fill(world)
    first = run(world, last_day(130))
    again = run(world, last_day(131))
    assert again.outcome == "kept", again.reason
    assert again.champion_id == first.champion_id
    assert again.model_id not in (None, first.model_id)
    assert again.reason.startswith("not better than the champion: the gain is not beyond noise: log loss ")
    assert set(again.findings["drift"]) >= {"pricing"}


def test_a_challenger_that_is_better_takes_over_and_the_reason_says_by_how_much(world: World) -> None:
    fill(world)
    poor = {
        "employees": FEATURES["employees"],
        "mail": {"count": ["mail_open"]},
        "recency": FEATURES["recency"],
    }
    weak = settings(poor, windows={"history_days": 730, "calibration_weeks": 4, "test_weeks": 4})
    first = run(world, last_day(128), with_settings=weak)
    better = run(world, last_day(130))
    assert first.outcome in ("first", "no_better")
    assert better.outcome == ("replaced" if first.outcome == "first" else "first"), better.reason
    assert better.champion_id == better.model_id
    assert better.findings["comparison"]["low"] > 0


def test_a_past_day_decided_anew_leaves_the_days_since_as_they_are(world: World) -> None:
    fill(world)
    late = run(world, last_day(131))
    early = run(world, last_day(129))
    assert early.outcome == "first", "no earlier day had a model"
    assert find_champion(world.connection) == late.champion_id
    assert find_champion(world.connection, before=last_day(131)) == early.champion_id


def test_too_little_data_is_an_answer(world: World) -> None:
    fill(world, days=30, each=1)
    made = run(world, last_day(60))
    assert (made.outcome, made.model_id, made.champion_id) == ("too_little", None, None)
    assert "training has " in made.reason
    assert world.rows("select count(*) from training.models") == [(0,)]
    empty = run(world, last_day(-400))
    assert (empty.outcome, empty.leads) == ("too_little", 0)


def test_noise_does_not_become_a_model(world: World) -> None:
    fill(world, strength=0.0)
    made = run(world, last_day(130))
    assert made.outcome == "no_better", made.reason
    assert find_champion(world.connection) is None


PLANTED = {
    "tags": {"attribute": "Tags", "kind": "category"},
    "profile": {"attribute": "Lead Profile", "kind": "category"},
}


def plant(world: World) -> None:
    """What sales writes down afterwards: once as if it had been known before, once without a time."""
    for lead, reached in world.rows(
        "select lead_id, bool_or(stage = 'sql') from lifecycle.transitions group by lead_id order by lead_id"
    ):
        world.attribute(lead, "Tags", "will revert" if reached else "ringing", START - DAY)
        world.attribute(lead, "Lead Profile", f"p{lead % 4}", None)


def test_a_planted_column_is_refused_by_name_and_the_training_goes_on_without_it(world: World) -> None:
    fill(world)
    first = run(world, last_day(130))
    plant(world)
    made = run(world, last_day(131), with_settings=settings(FEATURES | PLANTED))
    assert [(each.feature, each.check) for each in made.refused] == [("profile", "late"), ("tags", "auc")]
    assert made.refused[0].reason.startswith("Lead Profile became known only after the MQL")
    assert made.reason.endswith("; profile, tags refused: target leakage")
    assert (made.outcome, made.champion_id) == ("kept", first.champion_id)
    assert made.model_id is not None
    assert PLANTED.keys().isdisjoint(load_model(world.connection, made.model_id).features)
    without = run(world, last_day(131))
    assert without.refused == []
    assert made.findings["comparison"] == without.findings["comparison"]


def test_a_champion_that_has_seen_the_future_is_no_judge(world: World) -> None:
    fill(world)
    plant(world)
    believed = settings(FEATURES | {"tags": PLANTED["tags"]}, target_leakage={"auc": 1})
    cheat = run(world, last_day(130), with_settings=believed)
    assert cheat.findings["measures"]["auc"] > 0.99
    honest = run(world, last_day(131), with_settings=settings(FEATURES | {"tags": PLANTED["tags"]}))
    assert (honest.outcome, honest.champion_id) == ("replaced", honest.model_id)
    assert honest.findings["against"] == "the rate of the calibration weeks"


def test_a_champion_that_has_seen_the_future_stays_while_nothing_is_any_good(world: World) -> None:
    fill(world, strength=0.0)
    plant(world)
    tags = {"tags": PLANTED["tags"]}
    cheat = run(world, last_day(130), with_settings=settings(FEATURES | tags, target_leakage={"auc": 1}))
    made = run(world, last_day(131), with_settings=settings(FEATURES | tags))
    assert (made.outcome, made.champion_id) == ("kept", cheat.champion_id)
    nothing = run(world, last_day(132), with_settings=settings(tags))
    assert (nothing.outcome, nothing.model_id) == ("refused", None)
    assert nothing.champion_id == cheat.champion_id
    assert nothing.reason == "no feature is left to train on; tags refused: target leakage"


def test_a_feature_of_the_wrong_sign_is_dropped_and_named(world: World) -> None:
    fill(world)
    wrong = FEATURES | {"pricing": FEATURES["pricing"] | {"sign": "negative"}}
    made = run(world, last_day(130), with_settings=settings(wrong))
    assert [each["feature"] for each in made.findings["dropped"]][:1] == ["pricing"]
    assert "must be negative, and came out as +" in made.findings["dropped"][0]["reason"]


def test_leads_that_changed_are_told_as_drift(world: World) -> None:
    fill(world)
    run(world, last_day(130))
    fill_more = np.random.default_rng(5)
    with world.connection.transaction():
        for number in range(300):
            at = START + (105 + number / 10) * DAY
            lead = world.lead(at=at - DAY)
            for view in range(6 + int(fill_more.poisson(2))):
                world.event(lead, "view_pricing", at - timedelta(hours=view + 1))
            world.stage(lead, "mql", at)
            if number % 2:
                world.stage(lead, "sql", at + DAY)
    made = run(world, last_day(165))
    assert "pricing" in made.findings["drifted"]
    assert "drifted since the champion was trained: " in made.reason
