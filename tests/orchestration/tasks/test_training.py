"""What retrain_thresholds does about a feature that looks like target leakage: name it, and go on."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from leadops.migrations.rights import Part
from leadops.orchestration.tasks import training
from tests.roles import as_role
from tests.runs import make_run
from tests.training.conftest import DAY, START, World, settings, world
from tests.training.test_retrain import FEATURES, PLANTED, fill, plant

__all__ = ["world"]

#: The run that looks back on the 131st day.
END = START + 131 * DAY


def test_a_refused_feature_is_named_in_the_log_and_the_run_goes_on(
    world: World,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    chosen = settings(FEATURES | PLANTED).model_dump(mode="json")
    (tmp_path / "training.yaml").write_text(yaml.safe_dump(chosen), encoding="utf-8")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    fill(world)
    plant(world)
    world.connection.commit()
    run = make_run(end=END, clock=lambda: END + timedelta(hours=4))
    done = training.retrain(run)
    assert (done["outcome"], done["refused"]) == ("first", ["profile", "tags"])
    assert "tags is refused: it alone ranks" in caplog.text
    assert training.points(run)["leads"] > 0
