"""What every command shares: one line on stderr, and an exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from leadops.cli.app import COMMANDS, GROUPS, find_command, make_app
from leadops_stack.postgres import PostgresServer

SHIPPED_FILES = list((Path(__file__).parents[2] / "include" / "leadops" / "config").glob("*.yaml"))
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
    assert (
        _run("config", "check", str(tmp_path)).stdout.strip() == f"{len(SHIPPED_FILES)} files, nothing wrong"
    )
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


def test_the_whole_command_line_has_every_command_and_group() -> None:
    whole = get_command(make_app())
    assert isinstance(whole, TyperGroup)
    assert list(whole.commands) == [*COMMANDS, *GROUPS]
    assert not [name for name, command in whole.commands.items() if not command.get_short_help_str()]


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_a_command_alone_is_called_as_in_the_whole(name: str) -> None:
    assert find_command([name, "--help"]) == name
    alone = get_command(make_app(name))
    assert isinstance(alone, TyperGroup)
    assert list(alone.commands) == [name]


@pytest.mark.parametrize("arguments", [[], ["--help"], ["scor"]])
def test_the_help_and_a_mistake_are_answered_by_the_whole(arguments: list[str]) -> None:
    assert find_command(arguments) is None


def test_a_command_loads_nothing_of_the_others() -> None:
    code = "import sys; from leadops.cli.app import make_app; make_app('explain'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"fastapi", "uvicorn", "requests", "slack_sdk", "numpy", "leadops.cli.gateway"}
    assert "leadops.cli.explain_lead" in done.stdout.split()
    assert not heavy & set(done.stdout.split())
