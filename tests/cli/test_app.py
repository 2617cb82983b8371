"""What every command shares: one line on stderr, and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from leadops_stack.postgres import PostgresServer

LEADOPS = str(Path(sys.executable).parent / "leadops")


def _run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    bare = {
        name: value for name, value in os.environ.items() if not name.startswith(("LEADOPS_", "AIRFLOW_"))
    }
    return subprocess.run(
        [LEADOPS, *words], env=bare | environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("audit",), "LEADOPS_DATABASE_URL is not set"),
        (("push",), "LEADOPS_DATABASE_URL is not set"),
        (("push", "--target", "erp"), "no target 'erp' in delivery.yaml"),
    ],
)
def test_what_is_missing_is_said_in_one_line(words: tuple[str, ...], says: str) -> None:
    environment = {"AIRFLOW_CONN_LEADOPS_MA": '{"host":"http://127.0.0.1","port":9}'}
    if "push" in words and "--target" not in words:
        environment = environment | {"AIRFLOW_CONN_LEADOPS_CRM": environment["AIRFLOW_CONN_LEADOPS_MA"]}
    done = _run(*words, **environment)
    assert done.returncode == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_database_that_is_down_is_said_without_its_password() -> None:
    done = _run("migrate", LEADOPS_DATABASE_URL="postgresql://u:sesame@127.0.0.1:9/x")
    assert done.returncode == 1
    assert "the database does not answer" in done.stderr
    assert "sesame" not in done.stderr


def test_migrate_makes_the_tables_once(database_url: str) -> None:
    assert _run("migrate", LEADOPS_DATABASE_URL=database_url).stdout.strip() == "nothing to do"


def test_init_config_copies_what_is_not_there_and_touches_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "scoring.yaml").write_text("mine")
    done = _run("init-config", str(tmp_path))
    assert done.returncode == 0
    assert (tmp_path / "scoring.yaml").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} >= {"delivery.yaml", "scoring.yaml", "company.yaml"}


def test_a_new_folder_of_settings_changes_nothing_until_a_line_is_uncommented(tmp_path: Path) -> None:
    _run("init-config", str(tmp_path))
    assert _run("config", "check", str(tmp_path)).stdout.strip() == "22 files, nothing wrong"
    company = tmp_path / "company.yaml"
    company.write_text(company.read_text().replace("#currency: JPY", "currency: EUR"))
    shown = _run("config", "show", "company", LEADOPS_CONFIG_DIR=str(tmp_path)).stdout.splitlines()
    assert len(shown) > 4
    assert [line for line in shown if not line.endswith("# shipped")] == [
        f'company.currency: "EUR"  # {company}:8'
    ]


@pytest.mark.parametrize("words", [("dead-letters", "list"), ("incidents", "list"), ("quarantine", "list")])
def test_a_database_without_tables_is_said_in_one_line(
    postgres: PostgresServer, words: tuple[str, ...]
) -> None:
    done = _run(*words, LEADOPS_DATABASE_URL=postgres.url())
    assert done.returncode == 1
    assert "run `leadops migrate`" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
