"""Real touches go through gateway, scoring and push by the commands, and every number agrees.

They are 62,483 where LEADOPS_LONG_TESTS is set, else those of the first customers.
"""

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest

from leadops.config.load_config import shipped_file
from tests.gateway.conftest import KEY
from tests.integration.pipeline import Pipeline
from tests.promises import IS_LONG

ROOT = Path(__file__).parents[2]
LEADOPS = Path(sys.executable).with_name("leadops")
MAPPING = ROOT / "docs" / "mappings" / "attribution_touches.yaml"
TOUCHES = (
    ROOT / os.environ.get("LEADOPS_REAL_DATA", "../shared/data") / "attribution_touches/attribution_data.csv"
)
#: The whole file: its rows, and its customers.
EVENTS, LEADS = 62_483, 7_896
#: The rows of the part.
PART = 9_000

#: The MA here bears more than the default rate, which alone would take 80 seconds for the leads.
FASTER = "calls_per_second: 10000"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(pipeline: Pipeline, tmp_path: Path) -> Run:
    """Run a command as a person does, in an environment of its own."""
    delivery = shipped_file("delivery").read_text(encoding="utf-8")
    assert "calls_per_second: 100\n" in delivery
    (tmp_path / "delivery.yaml").write_text(delivery.replace("calls_per_second: 100\n", f"{FASTER}\n"))
    host, port = pipeline.desk.ma_url.rsplit(":", 1)
    given = {
        "LEADOPS_DATABASE_URL": pipeline.desk.url,
        "LEADOPS_CONFIG_DIR": str(tmp_path),
        "LEADOPS_WRITE_KEY": KEY,
        "AIRFLOW_CONN_LEADOPS_MA": json.dumps(
            {"conn_type": "http", "host": host, "port": int(port), "password": pipeline.desk.token}
        ),
        "COLUMNS": "200",
    }
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("LEADOPS_", "AIRFLOW_"))
    }

    def command(*words: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [LEADOPS, *map(str, words)],
            env=bare | given,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return command


class Touches(NamedTuple):
    """A file of touches, and how many rows and customers it has."""

    path: Path
    rows: int
    customers: int


@pytest.fixture
def touches(tmp_path: Path) -> Touches:
    if not TOUCHES.exists():
        pytest.skip(f"{TOUCHES} is missing; set LEADOPS_REAL_DATA to the folder of real data")
    if IS_LONG:
        return Touches(TOUCHES, EVENTS, LEADS)
    with TOUCHES.open(encoding="utf-8", newline="") as file:
        lines = list(islice(file, PART + 1))
    path = tmp_path / "part.csv"
    path.write_text("".join(lines), encoding="utf-8")
    return Touches(path, PART, len({row["customer_id"] for row in csv.DictReader(lines)}))


@pytest.mark.real_data
def test_every_touch_counts_once_and_a_second_replay_adds_nothing(
    pipeline: Pipeline, run: Run, touches: Touches
) -> None:
    assert touches.customers > 1000
    leads_before = pipeline.desk.state()["ma"]["leads"]
    replay = ("replay", touches.path, "--gateway", pipeline.gateway.base_url, "--mapping", MAPPING)

    replayed = run(*replay)
    assert replayed.returncode == 0, replayed.stderr
    assert f"{touches.rows} rows: {touches.rows} accepted" in replayed.stdout
    go(run, touches)
    assert pipeline.desk.state()["ma"]["leads"] - leads_before == touches.customers
    assert pipeline.desk.value("select count(*) from identity.resolved_events") == touches.rows
    after = pipeline.totals()
    assert after["ma"]["sum_of_scores"] > 0

    again = run(*replay)
    assert f"{touches.rows} rows: 0 accepted, {touches.rows} known already" in again.stdout
    go(run, touches)
    assert pipeline.totals() == after


def go(run: Run, touches: Touches) -> None:
    """Score and push all there is, and let the audit say that nothing is missing."""
    for words in (("score",), ("push", "--target", "ma")):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    audited = run("audit")
    assert audited.returncode == 0, audited.stdout
    assert f"{touches.customers} leads" in audited.stdout
    assert "0 with points under way, 0 gone from the MA: all agree" in audited.stdout
