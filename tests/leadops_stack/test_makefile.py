"""The commands a person types, as far as they can be tried without installing anything."""

import json
import os
import shlex
import subprocess
from pathlib import Path

PROJECT = Path(__file__).parents[2]
COMMANDS = (
    "airflow", "up", "down", "database", "status", "env", "install", "install-dev", "test", "test-shaken",
    "kill-matrix", "test-long", "check", "fmt", "test-odoo", "messages", "schema", "bench", "mutants", "year",
    "networks", "charts", "lock", "image-test", "soak", "test-postgres15",
    "install-emulator", "test-dbt",
)  # fmt: skip


def make(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=PROJECT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_alone_lists_the_commands() -> None:
    listed = [line.split()[0] for line in make().stdout.splitlines()]
    assert sorted(listed) == sorted(("help", *COMMANDS))


def test_every_command_can_be_worked_out() -> None:
    for command in COMMANDS:
        done = make("--dry-run", command)
        assert done.returncode == 0, done.stderr


def test_the_documented_trigger_reaches_airflow_with_its_params_whole() -> None:
    text = (PROJECT / "docs" / "configuration.md").read_text()
    triggers = [line for line in text.splitlines() if line.startswith("make airflow ARGS=")]
    assert triggers
    for line in triggers:
        done = subprocess.run(
            ["/bin/sh", "-c", line.replace("make", "make --no-print-directory --dry-run", 1)],
            cwd=PROJECT,
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            capture_output=True,
            text=True,
            check=True,
        )
        *_, option, conf = shlex.split(done.stdout.splitlines()[-1])
        assert option == "--conf"
        assert json.loads(conf)


def test_check_changes_nothing() -> None:
    shown = make("--dry-run", "check").stdout
    assert "--fix" not in shown
    assert "ruff format --check" in shown
    for tool in ("ruff check", "mypy", "sqlfluff lint", "lint-imports"):
        assert tool in shown


def test_a_machine_without_a_python_that_fits_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        ["/usr/bin/env", "make", "install", f"BIN={tmp_path}"],
        cwd=PROJECT,
        env={"PATH": _path_without_python(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "leadops needs Python 3.11, 3.12 or 3.13 with its venv module" in done.stderr


def test_up_needs_only_what_running_needs() -> None:
    shown = make("--dry-run", "up").stdout
    assert "install.py run" in shown
    assert "install.py dev" not in shown


def _path_without_python(folder: Path) -> str:
    """Return a PATH with the few programs that make itself calls."""
    import shutil

    for program in ("make", "sh", "date", "test", "echo"):
        found = shutil.which(program)
        assert found
        (folder / program).symlink_to(found)
    return str(folder)
