"""`leadops model`, and what `leadops explain` says of a model."""

import json
from datetime import timedelta
from pathlib import Path

import pandas
import pytest
import yaml
from typer.testing import CliRunner, Result

from leadops.cli import model
from leadops.cli.app import app
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from tests.roles import as_role
from tests.training.conftest import DAY, START, World, settings, world
from tests.training.test_retrain import FEATURES, fill

__all__ = ["world"]

TODAY = START + 131 * DAY


@pytest.fixture(autouse=True)
def _command(world: World, database_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    small = settings(FEATURES).model_dump(mode="json")
    (tmp_path / "training.yaml").write_text(yaml.safe_dump(small), encoding="utf-8")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setattr(model, "clock", lambda: TODAY)
    fill(world)
    world.connection.commit()


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["model", *words])


def test_from_training_to_the_explanation_of_a_lead(world: World) -> None:
    trained = run("retrain")
    assert trained.exit_code == 0, trained.output
    assert "2026-05-11: first: better than the rate of the calibration weeks beyond noise: " in trained.output
    assert "800 mature leads" in trained.output
    assert "first" in run("list").output
    shown = run("show").output
    assert "pricing" in shown
    assert "model 1: AUC 0." in shown
    assert len(json.loads(run("show", "--json").output)["coefficients"]) > 3
    lead = world.lead(at=TODAY - DAY)
    for _ in range(5):
        world.event(lead, "view_pricing", TODAY - timedelta(hours=2))
    world.connection.commit()
    assert "ml_score queued for the MA" in run("points").output
    told = json.loads(CliRunner().invoke(app, ["explain", str(lead), "--json"]).output)
    parts = {part["feature"]: part["points"] for part in told["model_parts"]["parts"]}
    assert sum(parts.values()) == told["model"] > 0
    assert parts["pricing"] > 0
    text = CliRunner().invoke(app, ["explain", str(lead)]).output
    assert "the average lead" in text
    assert "pricing" in text


def test_a_dry_run_keeps_nothing(world: World) -> None:
    assert "nothing was kept" in run("retrain", "--day", "2026-05-10", "--dry-run").output
    assert world.rows("select count(*) from training.decisions") == [(0,)]
    with pytest.raises(PermanentError, match="no model is in effect"):
        CliRunner().invoke(app, ["model", "show"], catch_exceptions=False)
    assert run("points").output.startswith("no model is in effect")


def test_a_day_that_is_not_over_is_refused() -> None:
    assert "is not over yet" in str(run("retrain", "--day", "2026-05-12").exception)


def test_a_column_that_saw_the_future_is_named_and_left_out(world: World, tmp_path: Path) -> None:
    for (lead,) in world.rows("select distinct lead_id from lifecycle.transitions"):
        world.attribute(lead, "quality", "high", None)
    world.connection.commit()
    planted = settings(FEATURES | {"quality": {"attribute": "quality", "kind": "category"}})
    (tmp_path / "training.yaml").write_text(yaml.safe_dump(planted.model_dump(mode="json")), encoding="utf-8")
    result = run("retrain")
    assert result.exit_code == 0
    assert "refused: quality: quality became known only after the MQL" in result.output
    assert world.rows("select outcome, findings -> 'refused' -> 0 ->> 'feature' from training.decisions") == [
        ("first", "quality")
    ]
    assert "quality" not in run("show").output


def test_features_go_out_and_scores_come_in(tmp_path: Path) -> None:
    file = tmp_path / "features.parquet"
    exported = run("export-features", str(file))
    assert exported.exit_code == 0, exported.output
    assert "2026-05-11: 800 mature MQLs, " in exported.output
    rows = pandas.read_parquet(file).assign(ml_score=0.5)
    rows.to_parquet(file)
    imported = run("import-scores", str(file), "--day", "2026-05-11")
    assert (
        "2026-05-11: no_better: imported scores: not better than the rate of the calibration weeks: it gives"
        " every lead the same probability: log loss " in imported.output
    )
    assert f"{len(rows)} scores, 0 of unknown leads" in imported.output
    refused = run("import-scores", str(file), "--day", "2026-06-30")
    assert isinstance(refused.exception, PermanentError)
    assert "2026-06-30 is not over yet" in str(refused.exception)
