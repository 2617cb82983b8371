"""`leadops config` while a file is broken, and the commands that people need then."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadops.configuration import Config
from leadops.db import connect
from leadops.orchestration.airflow_run import read_clock
from tests.config.own_files import OWN_FILES


class Shell:
    """Commands of one machine."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        settings = {"LEADOPS_CONFIG_DIR": str(self.folder), "LEADOPS_DATABASE_URL": self.url}
        return subprocess.run(
            [sys.executable, "-c", "from leadops.cli.app import run; run()", *arguments],
            env=os.environ | settings | environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def shell(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A machine on which the tasks have accepted these files."""
    monkeypatch.setenv("LEADOPS_CONFIG_DIR", str(tmp_path))
    for section in ("company", "events"):
        (tmp_path / f"{section}.yaml").write_text(OWN_FILES[section])
    config = Config.in_force(
        part="tasks",
        open_database=lambda: connect(database_url),
        clock=read_clock,
        sleep=lambda seconds: None,
    )
    config.read_all()
    return Shell(tmp_path, database_url)


def test_show_says_what_is_in_force_and_why(shell: Shell) -> None:
    lines = shell.run("config", "show", "events").stdout.splitlines()
    assert f"events.max_depth: 9  # {shell.folder}/events.yaml:1" in lines
    (shell.folder / "events.yaml").write_text("max_depth: 9\nmax_age_hour: 1\n")
    shown = shell.run("config", "show", "events")
    assert shown.returncode == 0
    head, *rest = shown.stdout.splitlines()
    assert head.startswith(f"# events.yaml is refused: {shell.folder}/events.yaml:2: max_age_hour: ")
    assert head.endswith("UTC stay in force")
    assert "events.max_age_hours: 70  # kept" in rest
    assert "events.max_ahead_minutes: 5  # shipped" in rest
    assert "leadops: warning: " in shown.stderr
    checked = shell.run("config", "check", str(shell.folder))
    assert (checked.returncode, "events.yaml:2: max_age_hour" in checked.stdout) == (1, True)


def test_incidents_can_be_listed_while_the_companys_file_is_broken(shell: Shell) -> None:
    (shell.folder / "company.yaml").write_text("")
    listed = shell.run("incidents", "list")
    assert (listed.returncode, listed.stdout.strip()) == (0, "No incidents.")
    assert "company.yaml:1: the file is empty" in listed.stderr


def test_a_shell_without_the_variable_has_the_settings_in_force(shell: Shell) -> None:
    shown = shell.run("config", "show", "events", LEADOPS_CONFIG_DIR="")
    assert "events.max_depth: 9  # kept" in shown.stdout
    assert "LEADOPS_CONFIG_DIR is not set" in shown.stderr


def test_a_file_that_is_gone_on_purpose_is_forgotten(shell: Shell) -> None:
    (shell.folder / "events.yaml").write_text("max_depth: x\n")
    refused = shell.run("config", "forget", "events")
    assert (refused.returncode, "events.yaml:1: max_depth" in refused.stderr) == (1, True)
    (shell.folder / "events.yaml").unlink()
    assert "events.max_depth: 9  # kept" in shell.run("config", "show", "events").stdout
    assert shell.run("config", "forget", "events").stdout == "events.yaml: 1 earlier file forgotten\n"
    shown = shell.run("config", "show", "events")
    assert "events.max_depth: 12  # shipped" in shown.stdout
    assert shown.stderr == ""
    assert "no section nothing" in shell.run("config", "forget", "nothing").stderr


def test_without_a_database_the_files_are_shown(shell: Shell) -> None:
    shown = shell.run("config", "show", "events", LEADOPS_DATABASE_URL="")
    assert f"events.max_depth: 9  # {shell.folder}/events.yaml:1" in shown.stdout
    assert shown.stderr == ""
