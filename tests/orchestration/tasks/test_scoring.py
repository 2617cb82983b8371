"""The bodies of the tasks of score_leads, on a real database."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadops.config.load_config import shipped_file
from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.tasks import scoring
from tests.async_view import accept_events
from tests.roles import as_role
from tests.runs import make_run
from tests.shipped import SHIPPED


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


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
    assert scoring.resolve(make_run())["new_leads"] == 1
    assert scoring.score(make_run())["points"] == 15
    assert scoring.score(make_run())["rows"] == 0

    rules = shipped_file("scoring").read_text(encoding="utf-8")
    (tmp_path / "scoring.yaml").write_text(rules.replace("points: 15", "points: 21", 1), encoding="utf-8")
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    done = scoring.score(make_run())

    assert (done["points"], done["corrections"]) == (6, 1)
    assert _total(connection) == 21
    lanes = connection.execute("select array_agg(lane order by seq) from scoring.ledger").fetchone()
    assert lanes == ([0, 1],), "what only a changed rule moves goes out behind what happens now"
