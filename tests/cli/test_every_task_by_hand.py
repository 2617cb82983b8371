"""Whoever has no Airflow has a command for each task; docs/cli.md says which."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from leadops.cli.app import app
from tests.dags.test_dags import EXPECTED

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)` \| `(\w+)` \| (.+) \|$", re.MULTILINE)


def read_table() -> dict[tuple[str, str], list[str]]:
    """Return the commands that docs/cli.md gives for each (DAG, task)."""
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    return {(dag, task): re.findall(r"`leadops ([^`]+)`", cell) for dag, task, cell in ROW.findall(text)}


COMMANDS = sorted({command for commands in read_table().values() for command in commands})


def test_every_task_of_every_dag_has_its_commands() -> None:
    table = read_table()
    assert set(table) == {(dag, task) for dag, tasks in EXPECTED.items() for task in tasks}
    assert all(table.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_exists_with_its_options(command: str) -> None:
    node = typer.main.get_command(app)
    words = shlex.split(command)
    while words and words[0] in getattr(node, "commands", {}):
        node = node.commands[words.pop(0)]
    assert getattr(node, "invoke_without_command", True), "a command, not a group that does nothing itself"
    options = {name for option in node.params for name in option.opts}
    assert {word for word in words if word.startswith("--")} <= options
