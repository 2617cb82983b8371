"""Settings files break while the DAGs run: no lead's score moves, the loop goes on, and Slack says so."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from leadops.configuration import SECTIONS
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.migrations.rights import Part
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.alerts.conftest import Clock, Slack
from tests.async_view import accept_events
from tests.config.own_files import BREAKAGES, write_own_file
from tests.gateway.conftest import TOKEN, Serve, serve
from tests.orchestration.execute_task import execute
from tests.promises import in_turn
from tests.roles import as_role
from tests.shipped import SHIPPED

__all__ = ["serve"]

DAGS = Path(__file__).parents[2] / "dags"
#: The tasks of one minute that read settings.
MINUTE = [
    ("score_leads", "resolve"),
    ("score_leads", "score"),
    ("score_leads", "qualify"),
    ("score_leads", "assign"),
    ("watch_sla", "clock"),
    ("check_alerts", "check"),
    ("check_alerts", "notify"),
]
#: The channel that the own alerts.yaml names.
CHANNEL = "C0OURTEAM1"


class Loop(NamedTuple):
    """A running installation: `run_minute` runs the tasks of a minute, so many minutes after the last one."""

    run_minute: Callable[..., dict[str, Any]]
    folder: Path
    slack: Slack


@pytest.fixture(scope="module")
def dags() -> dict[str, Any]:
    """The DAGs as they are with the shipped settings; their tasks read the settings of the moment."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(DAGS))
    assert bag.import_errors == {}
    return dict(bag.dags)


@pytest.fixture
def loop(
    dags: dict[str, Any],
    connection: Connection,
    database_url: str,
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Loop]:
    clock = Clock()
    clock.now = datetime.now(UTC)
    folder = tmp_path / "settings"
    folder.mkdir()
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(folder))
    monkeypatch.setattr("leadops.orchestration.airflow_run.read_clock", clock)
    with serve_in_thread(tmp_path / "sandbox", clock=clock) as url:
        http = {"conn_type": "http", "host": url}
        cdp = {"conn_type": "http", "host": str(serve(clock=clock).base_url), "password": TOKEN}
        for name, system in (("CRM", http | {"password": Tokens().crm}), ("CDP", cdp)):
            monkeypatch.setenv(f"AIRFLOW_CONN_LEADOPS_{name}", json.dumps(system))
        slack = {"conn_type": "slack", "password": Tokens().slack, "extra": {"base_url": f"{url}/api/"}}
        monkeypatch.setenv("AIRFLOW_CONN_LEADOPS_SLACK", json.dumps(slack))

        def run_minute(minutes: float = 1) -> dict[str, Any]:
            clock.forward(minutes=minutes)
            return {task: execute(dags[dag], task) for dag, task in MINUTE}

        yield Loop(run_minute, folder, Slack(url, clock, CHANNEL))


def visit(connection: Connection, number: int, now: datetime) -> None:
    """Let a known person look at the prices."""
    event = {
        "event_id": f"e{number}",
        "event": "view_pricing",
        "ts": (now - timedelta(minutes=number)).isoformat(),
        "anonymous_id": "a1",
        "user_id": "u1",
        "email": "someone@example.com",
        "properties": {},
        "context": {"page": "/pricing", "consent": True},
    }
    assert accept_events(connection, [event], now=now, settings=SHIPPED.events).accepted == 1
    connection.commit()


def ledger(connection: Connection) -> list[Any]:
    connection.rollback()
    return connection.execute("select * from scoring.ledger order by seq").fetchall()


def scores(connection: Connection) -> list[Any]:
    connection.rollback()
    return connection.execute("select * from scoring.scores order by lead_id").fetchall()


def refused(connection: Connection, state: str) -> dict[str, Any]:
    connection.rollback()
    rows = connection.execute(
        "select subject, facts from incidents.incidents where kind = 'settings_refused' and state = %s",
        [state],
    )
    return dict(rows.fetchall())


def read_texts(slack: Slack) -> str:
    return json.dumps(slack.messages(), ensure_ascii=False)


@pytest.mark.parametrize("name", in_turn(["0 bytes", "cut after the header"], 0))
def test_all_files_break_at_once(loop: Loop, connection: Connection, name: str) -> None:
    for section in SECTIONS:
        write_own_file(loop.folder, section)
    visit(connection, 1, loop.slack.clock())
    assert loop.run_minute()["score"]["points"] == 21, "by the own file; the shipped one gives 15"
    before = ledger(connection), scores(connection)

    damage, cause = BREAKAGES[name]
    for section in SECTIONS:
        damage(loop.folder / f"{section}.yaml")
    done = loop.run_minute()
    assert done["check"]["refused_settings"] == sorted(SECTIONS)
    assert done["score"] == {"leads": 0, "rows": 0, "points": 0, "corrections": 0}
    assert (ledger(connection), scores(connection)) == before
    facts = refused(connection, "open")
    assert set(facts) == {f"{section}.yaml" for section in SECTIONS}
    for section in SECTIONS:
        fact = facts[f"{section}.yaml"]
        assert fact["file"] == str(loop.folder / f"{section}.yaml")
        assert cause in fact["cause"]
        assert ("line" in fact and fact["line"] is not None) or name == "gone"
    (message,) = loop.slack.messages()
    assert f"refused settings: {len(SECTIONS)} open" in message["text"]

    visit(connection, 2, loop.slack.clock())
    done = loop.run_minute()
    assert done["resolve"]["events"] == 1, "the loop goes on"
    assert (done["score"]["points"], done["score"]["corrections"]) == (21, 0)

    for section in SECTIONS:
        write_own_file(loop.folder, section)
    loop.run_minute()
    loop.run_minute(minutes=4)
    assert refused(connection, "open") == {}
    assert len(refused(connection, "resolved")) == len(SECTIONS)
    assert f"all {len(SECTIONS)} resolved" in read_texts(loop.slack)
    assert not [row for row in ledger(connection) if "correction" in row]


@pytest.mark.parametrize("section", ["alerts", "company"])
def test_one_file_breaks(loop: Loop, connection: Connection, section: str) -> None:
    for name in SECTIONS:
        write_own_file(loop.folder, name)
    loop.run_minute()
    with (loop.folder / f"{section}.yaml").open("a") as file:
        file.write("no_such_key: 1\n")
    loop.run_minute()
    (message,) = loop.slack.messages()
    text = json.dumps(message, ensure_ascii=False)
    assert f"The settings file {section}.yaml is broken" in text
    assert "no_such_key: Extra inputs are not permitted" in text
    assert "line 5" in text
    assert f"{section}.yaml changed nothing" in text
    assert "docs/runbooks/settings_refused.md" in text


def test_on_call_hears_of_a_first_start_with_broken_files(
    loop: Loop, connection: Connection, dags: dict[str, Any]
) -> None:
    """Nothing earlier is on record: what needs the file fails, and Slack says so by what is usable."""
    (loop.folder / "alerts.yaml").write_text(f"channel: {CHANNEL}\ndigest_above: many\n")
    (loop.folder / "scoring.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"scoring\.yaml:1: the file is empty"):
        execute(dags["score_leads"], "score")
    execute(dags["check_alerts"], "check")
    execute(dags["check_alerts"], "notify")
    assert set(refused(connection, "open")) == {"alerts.yaml", "scoring.yaml"}
    text = read_texts(loop.slack)
    assert "no earlier settings of scoring.yaml are usable" in text
    assert "The settings file alerts.yaml is broken" in text


def test_a_broken_company_file_moves_no_schedule(loop: Loop, connection: Connection) -> None:
    from airflow.dag_processing.dagbag import DagBag

    def zone() -> str:
        bag = DagBag(str(DAGS / "decay_scores.py"))
        assert bag.import_errors == {}
        return str(bag.dags["decay_scores"].timetable.timezone)

    file = write_own_file(loop.folder, "company")
    loop.run_minute()
    assert zone() == "Europe/Berlin"
    for name in ("0 bytes", "an unknown key", "cut at the end of a line", "gone"):
        write_own_file(loop.folder, "company")
        BREAKAGES[name][0](file)
        assert zone() == "Europe/Berlin"
