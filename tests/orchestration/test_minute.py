"""The bodies of the tasks, on a real database."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from leadops.config.load_config import shipped_file
from leadops.db import Connection
from leadops.orchestration import minute
from tests.async_view import accept_events
from tests.shipped import SHIPPED

LIVE: dict[str, Any] = {"dag_run": SimpleNamespace(run_type="scheduled", dag_id="score_leads")}


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", database_url)


def _visit(connection: Connection) -> None:
    now = datetime.now(UTC)
    event = {
        "event_id": "e1",
        "event": "view_pricing",
        "ts": now.isoformat(),
        "anonymous_id": "a1",
        "user_id": "u1",
        "email": "someone@example.com",
        "properties": {},
        "context": {"page": "/pricing", "consent": True},
    }
    done = accept_events(connection, [event], now=now, settings=SHIPPED.events)
    assert done.accepted == 1
    connection.commit()


def _total(connection: Connection) -> int:
    connection.rollback()
    row = connection.execute("select total from scoring.scores").fetchone()
    return int(row[0]) if row else 0


def test_an_event_becomes_points_and_a_changed_rule_takes_effect_with_the_next_minute(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _visit(connection)
    assert minute.resolve(LIVE)["new_leads"] == 1
    assert minute.score(LIVE)["points"] == 15
    assert minute.score(LIVE)["rows"] == 0

    rules = shipped_file("scoring").read_text(encoding="utf-8")
    (tmp_path / "scoring.yaml").write_text(rules.replace("points: 15", "points: 21", 1), encoding="utf-8")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    done = minute.score(LIVE)

    assert (done["points"], done["corrections"]) == (6, 1)
    assert _total(connection) == 21
    lanes = connection.execute("select array_agg(lane order by seq) from scoring.ledger").fetchone()
    assert lanes == ([0, 1],), "what only a changed rule moves goes out behind what happens now"
