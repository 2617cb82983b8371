"""The settings of the pages are those in force, also where the api-server is a machine of its own."""

import platform
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from leadops.configuration import Config
from leadops.dashboard.page_settings import KEPT_SECONDS, KeptConfig
from leadops.db import Connection, connect
from leadops.migrations.rights import Part
from tests.roles import as_role

NOW = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of both machines, as an image has them; the tasks have read and kept them."""
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    (tmp_path / "company.yaml").write_text("timezone: Europe/Berlin\n")
    return tmp_path


def keep(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "node", lambda: "scheduler")
    kept = Config.in_force(
        part="tasks",
        open_database=lambda: connect(as_role(database_url, Part.TASKS)),
        clock=lambda: NOW,
        sleep=time.sleep,
    )
    assert kept.company.timezone == "Europe/Berlin"
    monkeypatch.setattr(platform, "node", lambda: "api-server")


@pytest.mark.parametrize(
    "content", ["timezone: Europe/Nowhere\n", "timezone: [\n", None], ids=["wrong", "broken", "gone"]
)
def test_a_file_that_breaks_leaves_the_pages_with_what_the_tasks_have_in_force(
    folder: Path,
    database_url: str,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    content: str | None,
) -> None:
    keep(database_url, monkeypatch)
    file = folder / "company.yaml"
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    readers = connection.execute("select reader, section, refused_hash from config.readers").fetchall()
    config = KeptConfig(as_role(database_url, Part.PAGE), clock=lambda: NOW)
    assert config.read().company.timezone == "Europe/Berlin"
    connection.rollback()
    assert (
        connection.execute("select reader, section, refused_hash from config.readers").fetchall() == readers
    )


def test_a_file_that_changes_is_seen_after_a_minute(
    folder: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(database_url, monkeypatch)
    ticks = 0.0
    config = KeptConfig(as_role(database_url, Part.PAGE), clock=lambda: NOW, ticks=lambda: ticks)
    assert config.read().reports.min_answers != 17
    (folder / "reports.yaml").write_text("min_answers: 17\n")
    assert config.read().reports.min_answers != 17
    ticks = KEPT_SECONDS
    assert config.read().reports.min_answers == 17
