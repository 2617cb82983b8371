"""`leadops watchdog` as a process of its own, from its variables to Slack's and the switch's HTTP."""

import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadops.cli.watchdog import make_watchdog_config
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.incidents.task_results import beat
from tests.waiting import wait_until

SECRET = "5d1f8a0e-secret"


@pytest.fixture
def calls() -> Iterator[tuple[str, list[str]]]:
    """The address of a dead man's switch, and the paths of its calls."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", paths
        server.shutdown()


def test_it_watches_calls_the_switch_and_ends_when_asked(
    database_url: str, connection: Connection, calls: tuple[str, list[str]], tmp_path: Path
) -> None:
    url, paths = calls
    alive = tmp_path / "alive"
    output = tmp_path / "output"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LEADOPS_")}
    environ |= {
        "LEADOPS_DATABASE_URL": database_url,
        "LEADOPS_HEARTBEAT_URL": url,
        "AIRFLOW_CONN_LEADOPS_SLACK": json.dumps({"conn_type": "slack", "password": "xoxb-1"}),
    }
    code = "from leadops.cli.app import run; run()"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", code, "watchdog", "--alive-file", str(alive)],
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_until(alive.exists, seconds=120)
        assert paths == []  # nothing has finished since it watches

        def finishes() -> bool:
            beat(connection, "score_leads", now=datetime.now(UTC))
            connection.commit()
            return bool(paths)

        wait_until(finishes, seconds=120)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
    assert set(paths) == {f"/{SECRET}"}
    shown = output.read_text()
    assert "calls the dead man's switch" in shown
    assert SECRET not in shown


def test_without_a_database_it_says_what_to_set() -> None:
    with pytest.raises(ConfigError, match="LEADOPS_DATABASE_URL"):
        make_watchdog_config("watchdog", {})


def test_its_settings_are_those_of_the_variables(tmp_path: Path) -> None:
    (tmp_path / "alerts.yaml").write_text("watchdog: {stopped_after_seconds: 300}\n")
    config = make_watchdog_config(
        "supervisor",
        {
            "LEADOPS_DATABASE_URL": "postgresql://x",
            "LEADOPS_CONFIG_DIR": str(tmp_path),
            "AIRFLOW__API__BASE_URL": "http://127.0.0.1:18080/",
        },
    )
    sources = config.read_sources()
    assert sources.alerts.watchdog.stopped_after_seconds == 300
    assert sources.alerts.airflow_base_url == "http://127.0.0.1:18080"
    assert config.shipped.alerts.watchdog.stopped_after_seconds == 120
    assert (config.switch, config.airflow_database_url) == (None, "")
    assert config.seen_by.startswith("supervisor on ")
    (tmp_path / "alerts.yaml").write_text("watchdog: {no_such_key: 1}\n")
    with pytest.raises(ConfigError, match=r"alerts\.yaml"):
        config.read_sources()
