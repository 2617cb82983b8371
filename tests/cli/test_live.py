"""`leadops live` as a process of its own, from its variables to its end by a signal."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from leadops.db import Connection
from tests.cli.conftest import serve
from tests.gateway.conftest import KEY, Serve
from tests.waiting import wait_until

__all__ = ["serve"]


def start(database_url: str, folder: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("LEADOPS_", "AIRFLOW_"))
    }
    environ |= {"LEADOPS_DATABASE_URL": database_url, "LEADOPS_CONFIG_DIR": str(folder / "config")}
    code = "from leadops.cli.app import run; run()"
    with (folder / "output").open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-c", code, "live", *arguments],
            env=environ,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


def read(connection: Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    connection.commit()
    return row[0] if row else None


def test_it_scores_follows_its_file_and_ends_when_asked(
    database_url: str, connection: Connection, serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    alive, settings = tmp_path / "alive", tmp_path / "config" / "live.yaml"
    process = start(database_url, tmp_path, "--alive-file", str(alive))
    try:
        wait_until(lambda: read(connection, "select count(*) from live.lanes where is_on"))
        gateway = serve()
        gateway.headers["X-Write-Key"] = KEY
        event = {"event_id": "e-1", "event": "request_document", "email": "a@cli.example"}
        gateway.post("/collect", json=event | {"ts": datetime.now(UTC).isoformat()}).raise_for_status()
        wait_until(lambda: read(connection, "select sum(points) from scoring.scores, scoring.ledger"))
        assert alive.exists()
        settings.write_text("enabled: false\n")
        wait_until(lambda: read(connection, "select count(*) from live.lanes where not is_on"))
        assert read(connection, "select count(*) from config.readers where reader like '%% live'") == 1
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=60)
    assert code == 0, (tmp_path / "output").read_text()
    assert "Traceback" not in (tmp_path / "output").read_text()


def test_it_waits_where_a_file_is_broken_from_the_first_start_on(
    database_url: str, connection: Connection, tmp_path: Path
) -> None:
    (tmp_path / "config").mkdir()
    settings = tmp_path / "config" / "live.yaml"
    settings.write_text("enabled: perhaps\n")
    process = start(database_url, tmp_path)
    try:
        wait_until(lambda: "live.yaml:1" in (tmp_path / "output").read_text())
        settings.write_text("enabled: true\n")
        wait_until(lambda: read(connection, "select count(*) from live.lanes where is_on"))
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
