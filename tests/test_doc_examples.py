"""What pages and alerts tell people to type works: each command parses, each statement can be prepared."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from leadops.cli.app import app
from leadops.db import Connection
from leadops.errors import LeadopsError
from leadops.incidents.kinds import KINDS
from tests.alerts.expected import expected_file

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")])
RUNBOOKS = [page for page in PAGES if page.parent.name == "runbooks"]

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")
COMMENT = re.compile(r"\s#.*$", re.MULTILINE)
CLAUSE = re.compile(r"\bleadops ([^,;:.<`\n、。]+)")
#: What stands for a value that the reader knows; brackets are around what may be left out.
VALUES = {
    "NUMBER…": "7 8",
    r"\b(NUMBER|LEAD|ID)\b": "7",
    r"\bDAY\b|…": "2026-07-31",
    r"[\[\]]": "",
}
#: Words after "leadops" where it is the subject of a sentence, or a part of a name.
VERBS = {"keeps"}
ROWS = re.compile(r"(select|with|insert|update|delete)\s")
UsageError = typer.BadParameter.__bases__[0]


def find_commands(text: str) -> Iterator[tuple[str, bool]]:
    """Yield each `leadops` command of a page without its first word, and whether it is a line to copy."""
    for _, block in FENCE.findall(text):
        for line in COMMENT.sub("", block.replace("\\\n", " ")).splitlines():
            if line.strip().startswith("leadops "):
                yield " ".join(line.split()[1:]), True
    for span in SPAN.findall(FENCE.sub("", text)):
        words = span.split()
        if words[0] == "leadops" and len(words) > 1:
            yield " ".join(words[1:]), False


@cache
def read_commands() -> Any:
    """Return the command `leadops` itself: once, as there are thousands of commands to look up."""
    return typer.main.get_command(app)


def find_command(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that `words` begin with, and the words after its name."""
    node = read_commands()
    while words and words[0] in getattr(node, "commands", {}):
        node, words = node.commands[words[0]], words[1:]
    return node, words


def find_fault(command: str) -> str | None:
    """Parse `command` as the shell and leadops do, without running it; return why they refuse it, or None."""
    for name, value in VALUES.items():
        command = re.sub(name, value, command)
    try:
        node, words = find_command(shlex.split(command))
        if hasattr(node, "commands") and words != ["--help"]:
            return f"no command {words[0]}" if words else "a group of commands"
        node.make_context("leadops", words)
    except typer.Exit:
        return None  # --help
    except (UsageError, LeadopsError, ValueError) as error:
        return str(error)
    return None


def list_faults(text: str, *, is_runbook: bool) -> list[str]:
    """Return the commands of a page that cannot be typed; only in runbooks is a bare name a command."""
    faults = []
    for command, is_line in find_commands(text):
        if find_command(command.split())[1] or is_line or is_runbook:
            fault = find_fault(command)
            if fault is not None:
                faults.append(f"{command}: {fault}")
    return faults


def find_commands_of_alerts(text: str) -> Iterator[str]:
    """Yield each command in a sentence: its name, options and values up to the next word of the sentence."""
    for clause in CLAUSE.findall(text):
        words = clause.split()
        if words[0] in VERBS:
            continue
        rest = find_command(words)[1]
        end = next(
            (
                place
                for place, word in enumerate(rest)
                if not re.match(r"--|[A-Z0-9\"]", word) and not (place and rest[place - 1].startswith("--"))
            ),
            len(rest),
        )
        yield " ".join([*words[: len(words) - len(rest)], *rest[:end]])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_can_be_typed_as_it_is_printed(page: Path) -> None:
    assert list_faults(page.read_text(encoding="utf-8"), is_runbook=page in RUNBOOKS) == []


@pytest.mark.parametrize("language", ["en", "ja"])
def test_every_command_of_an_alert_can_be_typed_as_it_is_posted(language: str) -> None:
    text = expected_file(language).read_text(encoding="utf-8")
    commands = set(find_commands_of_alerts(text))
    assert len(commands) >= 10
    assert {command: fault for command in commands if (fault := find_fault(command))} == {}


def test_the_search_for_commands_can_fail() -> None:
    page = (
        "Run `leadops quarantine drop --resaon x` or `leadops quarantine\n  list`, then `leadops nothing`.\n"
        "```\nleadops explain\nleadops audit   # all\n```\n"
        "`leadops freeze-quarter 2026-Q3 --reason`, `leadops push`, `leadops explain LEAD`\n"
    )
    faults = [line.partition(":")[0] for line in list_faults(page, is_runbook=True)]
    assert faults == ["explain", "quarantine drop --resaon x", "nothing", "freeze-quarter 2026-Q3 --reason"]
    said = (
        "leadops keeps it. Run leadops routing why LEAD to see, or leadops audit --correct; leadops nothing"
    )
    commands = list(find_commands_of_alerts(said))
    assert commands == ["routing why LEAD", "audit --correct", ""]
    assert [bool(find_fault(command)) for command in commands] == [False, False, True]


def find_statements(text: str) -> Iterator[str]:
    """Yield each SQL statement of a page that reads or changes rows; roles and grants cannot be planned."""
    blocks = [block for language, block in FENCE.findall(text) if language == "sql"]
    spans = [span for span in SPAN.findall(FENCE.sub("", text)) if re.match(ROWS, span)]
    for part in [*blocks, *spans]:
        bare = re.sub(r"--.*$", "", part, flags=re.MULTILINE)
        statements = (statement.strip() for statement in bare.split(";"))
        yield from (statement for statement in statements if re.match(ROWS, statement))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_statement_can_be_run_as_it_is_printed(page: Path, uncommitted: Connection) -> None:
    for statement in find_statements(page.read_text(encoding="utf-8")):
        uncommitted.execute("explain " + re.sub(r"\b(LEAD|PID)\b", "7", statement))


def test_runbooks_have_commands_and_statements() -> None:
    assert {page.stem for page in RUNBOOKS} >= set(KINDS)
    texts = [page.read_text(encoding="utf-8") for page in RUNBOOKS]
    assert sum(len(list(find_commands(text))) for text in texts) >= 50
    assert sum(len(list(find_statements(text))) for text in texts) >= 20
