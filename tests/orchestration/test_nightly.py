"""The bodies of the nightly tasks, on a real database."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from leadops.orchestration import nightly
from tests.desk import Desk, desk, ma_url
from tests.scoring.conftest import World, world
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED

__all__ = ["desk", "ma_url", "world"]

#: Midnight of 1 September 2026 in Tokyo.
MIDNIGHT = datetime(2026, 8, 31, 15, tzinfo=UTC)


def context(dag_id: str, task_id: str, end: datetime) -> dict[str, Any]:
    run = SimpleNamespace(
        dag_id=dag_id,
        run_id="scheduled__1",
        run_type="scheduled",
        data_interval_start=end - timedelta(days=1),
        data_interval_end=end,
        run_after=end,
        start_date=end,
    )
    return {"dag_run": run, "task_instance": SimpleNamespace(task_id=task_id)}


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)


def test_a_night_decays_to_the_end_of_the_local_day_that_its_run_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:

    rules = SHIPPED.scoring
    happened = MIDNIGHT - timedelta(days=120)
    world.run(rules, [Happening("one", "request_document", happened, email="a@x.example")])
    monkeypatch.setattr(nightly, "now", lambda: MIDNIGHT + timedelta(seconds=1))
    done = nightly.decay(context("decay_scores", "decay", MIDNIGHT))
    # The event's day is 4 May, so at the end of 31 August it is 119 days old: 89 after the grace.
    assert done == {"day": "2026-08-31", "leads": 1, "rows": 1, "points": -10}
    assert world.rows("select name from incidents.heartbeats order by name") == [
        ("decay_scores",),
        ("decay_scores.decay",),
    ]
    assert nightly.decay(context("decay_scores", "decay", MIDNIGHT))["rows"] == 0


def test_a_night_puts_the_ma_right_and_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    host, port = desk.ma_url.rsplit(":", 1)
    connection = {"conn_type": "http", "host": host, "port": int(port), "password": desk.token}
    monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_MA", json.dumps(connection))
    lead = desk.add_lead()
    desk.score(lead, 10)
    desk.push()
    ma_id = desk.value("select external_id from delivery.external_ids")
    update = {"deltaId": f"hand-{ma_id}", "leadId": int(ma_id), "delta": 4, "reason": "by hand"}
    headers = {"Authorization": f"Bearer {desk.token}"}
    requests.post(f"{desk.ma_url}/api/lead/score", json=update, headers=headers, timeout=5).raise_for_status()

    done = nightly.audit(context("audit_scores", "audit", datetime.now(UTC)))

    assert (done["differing"], done["corrected"], done["limit_exceeded"]) == (1, 1, False)
    assert desk.value("select audited_by from delivery.audits") == "audit_scores scheduled__1"
    assert desk.value("select count(*) from incidents.heartbeats where name = 'audit_scores'") == 1
    desk.push()
    assert desk.ma_score(lead) == 10
