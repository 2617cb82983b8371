"""A model of somebody else: exported features, imported scores, the same checks, the same points."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.preprocessing import OrdinalEncoder

from leadops.errors import PermanentError
from leadops.training.champion import find_champion, list_decisions
from leadops.training.explain_model import explain_model
from leadops.training.export_features import export_features
from leadops.training.import_scores import ScoreImport, import_scores
from leadops.training.points import write_model_points
from leadops.training.score_file import read_score_file
from leadops.training.training_settings import TrainingSettings
from tests.training.conftest import COMPANY, DAY, START, World, settings
from tests.training.test_retrain import FEATURES, NOW, fill, last_day, plant, run

TODAY = last_day(130)
SETTINGS = settings(FEATURES)


def export(world: World, path: Path, *, with_settings: TrainingSettings = SETTINGS) -> pandas.DataFrame:
    world.connection.commit()
    export_features(
        world.connection, path / "features.parquet", day=TODAY, settings=with_settings, company=COMPANY
    )
    return pandas.read_parquet(path / "features.parquet")


def bring(world: World, rows: pandas.DataFrame, path: Path, *, day: Any = TODAY) -> ScoreImport:
    rows[["lead_id", "cycle", "ml_score"]].to_parquet(path / "scores.parquet")
    scores = read_score_file(path / "scores.parquet")
    return import_scores(world.connection, scores, day=day, settings=SETTINGS, company=COMPANY, now=NOW)


def outcomes(world: World) -> dict[int, bool]:
    rows = world.rows("select lead_id, bool_or(stage = 'sql') from lifecycle.transitions group by lead_id")
    return dict(rows)


def oracle(world: World, rows: pandas.DataFrame, *, sure: float) -> pandas.DataFrame:
    """Scores that know the outcome, and say it with a probability of `sure`."""
    reached = outcomes(world)
    chances = [sure if reached.get(lead) else 1 - sure for lead in rows["lead_id"]]
    return rows.assign(ml_score=chances)


def kept(world: World) -> list[tuple[Any, ...]]:
    return world.rows("select count(*) from training.imported_scores")


def test_the_export_says_what_was_known_and_hides_the_outcome_of_the_test_weeks(
    world: World, tmp_path: Path
) -> None:
    fill(world)
    late = world.lead()
    world.event(late, "view_pricing", START + 130 * DAY)
    rows = export(world, tmp_path)
    # The horizon of 30 days ends 100.5 days after START; four weeks before it begin at 72.5, eight at 44.5.
    assert list(rows) == ["lead_id", "cycle", "moment", "part", "goal_reached", *FEATURES]
    assert rows["part"].value_counts().to_dict() == {
        "training": 356,
        "calibration": 224,
        "test": 220,
        "active": len(rows) - 800,
    }
    hidden = rows["part"].isin(["test", "active"])
    assert rows.loc[hidden, "goal_reached"].isna().all()
    reached = outcomes(world)
    assert all(
        reached[lead] == goal
        for lead, goal in rows.loc[~hidden, ["lead_id", "goal_reached"]].itertuples(index=False)
    )
    active = rows[rows["lead_id"] == late].iloc[0]
    assert (active["cycle"], active["part"], active["pricing"], active["recency"]) == (0, "active", 1, 0.5)
    assert set(rows["industry"].dropna()) == {"software", "finance"}
    assert rows["employees"].dtype == np.float32
    first = rows.iloc[0]
    assert first["moment"] == START


def test_a_rare_value_and_a_leaking_feature_stay_inside(world: World, tmp_path: Path) -> None:
    fill(world)
    plant(world)
    lead = world.rows("select min(lead_id) from lifecycle.transitions")[0][0]
    world.event(lead, "identify", START - timedelta(hours=1), industry="Jane Doe <jane@doe.example>")
    rows = export(
        world,
        tmp_path,
        with_settings=settings(FEATURES | {"tags": {"attribute": "Tags", "kind": "category"}}),
    )
    assert "tags" not in rows
    assert rows.loc[rows["lead_id"] == lead, "industry"].tolist()[0] == "(rare)"
    assert "jane" not in (tmp_path / "features.parquet").read_bytes().decode("latin-1").lower()


def test_a_feature_with_the_name_of_a_key_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="the feature cycle has the name of a key; rename it"):
        export(world, tmp_path, with_settings=settings({"cycle": {"count": []}}))


def test_too_few_leads_are_said_at_the_export(world: World, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="too few leads for a new model"):
        export(world, tmp_path)


def test_better_scores_replace_the_champion_and_give_points_by_the_same_code(
    world: World, tmp_path: Path
) -> None:
    fill(world)
    trained = run(world, TODAY)
    active = world.lead()
    world.event(active, "view_pricing", START + 130 * DAY)
    rows = oracle(world, export(world, tmp_path), sure=0.9)
    rows.loc[rows["lead_id"] == active, "ml_score"] = 0.75
    result = bring(world, rows, tmp_path)
    decision = result.decision
    assert (decision.outcome, result.unknown, result.is_in_effect) == ("replaced", 0, True)
    assert decision.reason.startswith(
        "imported scores: better than the champion beyond noise: log loss 0.1054 against "
    )
    assert decision.model_id == decision.champion_id == find_champion(world.connection) != trained.model_id
    assert decision.findings["comparison"]["challenger_loss"] == pytest.approx(-np.log(0.9), abs=1e-6)
    assert decision.findings["measures"]["auc"] == 1
    world.connection.commit()

    write_model_points(world.connection, now=START + 131 * DAY, settings=SETTINGS)
    found = explain_model(world.connection, active)
    assert found is not None
    assert found.probability == pytest.approx(0.75, abs=1e-6)
    assert found.points == 30, "40 points of a certain success"
    assert [part.feature for part in found.parts] == ["the average lead", "imported score"]
    assert sum(part.points for part in found.parts) == 30
    assert world.rows("select model from scoring.scores where lead_id = %s", active) == [(30,)]


def test_the_same_scores_again_add_nothing(world: World, tmp_path: Path) -> None:
    fill(world)
    rows = oracle(world, export(world, tmp_path), sure=0.9)
    first, before = bring(world, rows, tmp_path), kept(world)
    assert first.decision.outcome == "first"
    assert bring(world, rows, tmp_path) == first
    assert kept(world) == before
    assert len(world.rows("select 1 from training.decisions")) == 1


def test_scores_that_do_not_win_change_nothing(world: World, tmp_path: Path) -> None:
    fill(world)
    trained = run(world, TODAY)
    rows = export(world, tmp_path).assign(ml_score=0.5)
    result = bring(world, rows, tmp_path)
    assert (result.decision.outcome, result.is_in_effect) == ("kept", False)
    assert (result.decision.model_id, result.decision.champion_id) == (None, trained.model_id)
    assert find_champion(world.connection) == trained.model_id
    assert kept(world) == [(0,)]
    assert world.rows("select count(*) from training.models") == [(1,)]


def test_unknown_leads_are_counted_and_missing_ones_refused(world: World, tmp_path: Path) -> None:
    fill(world)
    rows = oracle(world, export(world, tmp_path), sure=0.9)
    foreign = pandas.DataFrame({"lead_id": [10**9, 1], "cycle": [0, 77], "ml_score": [0.5, 0.5]})
    assert bring(world, pandas.concat([rows, foreign]), tmp_path).unknown == 2
    test = rows.index[rows["part"] == "test"]
    with pytest.raises(PermanentError, match=r"2 of 220 leads of the test weeks .* have no ml_score"):
        bring(world, rows.drop(test[:2]), tmp_path)
    assert len(list_decisions(world.connection, limit=9)) == 1


def test_a_lead_that_was_merged_or_is_ours_since_the_export_is_unknown(world: World, tmp_path: Path) -> None:
    fill(world)
    older, younger, ours = world.lead(), world.lead(), world.lead()
    rows = oracle(world, export(world, tmp_path), sure=0.9)
    world.join(older, younger)
    world.connection.execute(
        "insert into identity.uncounted_leads values (%s, 'internal', 'x', now())", [ours]
    )
    active = pandas.DataFrame({"lead_id": [older, younger, ours], "cycle": 0, "ml_score": 0.5})
    assert bring(world, pandas.concat([rows, active]), tmp_path).unknown == 2
    known = world.rows("select lead_id from training.imported_scores where lead_id >= %s", older)
    assert known == [(older,)]


def test_a_day_that_a_later_one_has_followed_is_refused(world: World, tmp_path: Path) -> None:
    fill(world)
    rows = export(world, tmp_path).assign(ml_score=0.5)
    run(world, last_day(131))
    with pytest.raises(PermanentError, match=f"{last_day(131)} has been decided already"):
        bring(world, rows, tmp_path)


def test_a_champion_with_target_leakage_is_not_compared_with(world: World, tmp_path: Path) -> None:
    fill(world)
    plant(world)
    tags = {"tags": {"attribute": "Tags", "kind": "category"}}
    cheat = run(world, TODAY, with_settings=settings(FEATURES | tags, target_leakage={"auc": 1}))
    assert cheat.outcome == "first"
    features = export(world, tmp_path, with_settings=settings(FEATURES | tags))
    rows = oracle(world, features, sure=0.7)
    rows[["lead_id", "cycle", "ml_score"]].to_parquet(tmp_path / "scores.parquet")
    result = import_scores(
        world.connection,
        read_score_file(tmp_path / "scores.parquet"),
        day=TODAY,
        settings=settings(FEATURES | tags),
        company=COMPANY,
        now=NOW,
    )
    assert (result.decision.outcome, result.decision.findings["against"]) == (
        "replaced",
        "the rate of the calibration weeks",
    )


def test_a_lead_without_a_score_is_an_average_lead_and_a_later_training_can_win(
    world: World, tmp_path: Path
) -> None:
    fill(world)
    bring(world, oracle(world, export(world, tmp_path), sure=0.6), tmp_path)
    assert run(world, last_day(131)).findings["against"] == "the champion"


def train_foreign(rows: pandas.DataFrame) -> pandas.DataFrame:
    """What a data scientist does with the file: gradient boosting on the rows whose goal is known."""
    features = list(FEATURES)
    known = rows[rows["goal_reached"].notna()]
    encode = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["industry"]),
        remainder="passthrough",
    )
    model = HistGradientBoostingClassifier(max_depth=2, learning_rate=0.05, random_state=1)
    frame = rows[features].astype({"industry": object}).fillna({"industry": "missing"})
    encode.fit(frame)
    model.fit(encode.transform(frame.loc[known.index]), known["goal_reached"].astype(bool))
    return rows.assign(ml_score=model.predict_proba(encode.transform(frame))[:, 1])


def test_a_round_trip_with_a_foreign_model(world: World, tmp_path: Path) -> None:
    fill(world)
    result = bring(world, train_foreign(export(world, tmp_path)), tmp_path)
    assert result.decision.outcome == "first", result.decision.reason
    assert result.decision.findings["measures"]["auc"] > 0.7
    assert (result.unknown, result.is_in_effect) == (0, True)
