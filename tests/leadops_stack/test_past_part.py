"""Whether the simulated past comes, in one line why not, and what the terminal shows of it."""

import io
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from leadops.db import Connection
from leadops.made_up.made_up_past import MadeUpPast, begin_past, finish_past
from leadops_sandbox.past.files import EVENTS
from leadops_stack import past_part
from leadops_stack.env_file import write_env
from leadops_stack.home import Home
from leadops_stack.past_part import PastPart, find_why_left_out, is_wanted, make_part
from leadops_stack.play_past import list_stages
from leadops_stack.screen import Screen
from leadops_stack.supervisor import Supervisor
from leadops_stack.variables import prepare_variables

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
DAYS = {"first_day": date(2026, 1, 1), "last_day": date(2026, 6, 30)}
#: In place of the past: it says two lines that are for the terminal, and one that is not.
TALK = "print('past: one', flush=True); print('3860 rows: …', flush=True); print('past: all', flush=True)"


@pytest.fixture
def shown() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def running(home: Home, shown: io.StringIO) -> Iterator[Supervisor]:
    made = Supervisor(run=home.run, logs=home.logs, screen=Screen(Console(file=shown, width=200)))
    yield made
    made.stop()


def make(home: Home, running: Supervisor, environ: dict[str, str] | None = None) -> PastPart:
    return PastPart(home, prepare_variables(home, environ or {}), running, running.screen)


def test_its_lines_are_shown_once_and_when_it_has_ended_it_is_not_started_again(
    home: Home,
    running: Supervisor,
    shown: io.StringIO,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        past_part,
        "make_part",
        lambda home, values: replace(make_part(home, values), command=(sys.executable, "-c", TALK)),
    )
    (home.logs / "past.log").write_text("past: of an earlier start\n")
    past = make(home, running)
    past.begin(connection)
    assert [child.part.name for child in running.children] == ["past"]

    def look() -> None:
        past.show()
        if not running.children:
            running.stopping.set()

    running.watch(every=0.01, tick=look)
    past.show()
    assert shown.getvalue().splitlines() == ["past: one", "past: all"]


def test_what_is_in_does_not_come_again(home: Home, running: Supervisor, connection: Connection) -> None:
    begin_past(connection, seed=1, now=NOW, **DAYS)
    finish_past(connection, now=NOW)
    make(home, running).begin(connection)
    assert running.children == []


@pytest.mark.parametrize("where", ["environment", "file"])
def test_zero_leaves_it_out_without_a_word(
    home: Home,
    running: Supervisor,
    shown: io.StringIO,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    if where == "file":
        write_env(home.env_file, {"LEADOPS_DEMO": "0"})
    else:
        monkeypatch.setenv("LEADOPS_DEMO", "0")
    make(home, running).begin(connection)
    assert running.children == []
    assert shown.getvalue() == ""


def test_the_environment_decides_over_the_file() -> None:
    assert is_wanted({}, {})
    assert not is_wanted({"LEADOPS_DEMO": "0"}, {})
    assert is_wanted({"LEADOPS_DEMO": "0"}, {"LEADOPS_DEMO": "1"})


def test_a_product_leaves_it_out_in_one_line(
    home: Home, running: Supervisor, shown: io.StringIO, connection: Connection
) -> None:
    make(home, running, {"LEADOPS_SANDBOX_PRODUCT": "hubspot"}).begin(connection)
    assert running.children == []
    (line,) = shown.getvalue().splitlines()
    assert line.startswith("past: left out: the sandbox stands in for hubspot; ")


@pytest.mark.parametrize("name", ["MA", "CRM", "SLACK"])
def test_a_real_system_leaves_it_out_in_one_line(
    home: Home, running: Supervisor, shown: io.StringIO, connection: Connection, name: str
) -> None:
    prepare_variables(home, {})
    real = {"conn_type": "http", "host": "https://real.example.com", "password": "theirs"}
    write_env(home.env_file, {f"AIRFLOW_CONN_LEADOPS_{name}": json.dumps(real)})
    make(home, running).begin(connection)
    assert running.children == []
    assert shown.getvalue() == "past: left out: a connection leads to a system that is not the sandbox\n"


def test_the_sandbox_takes_it_and_no_part_is_given_a_password_of_the_supervisor(home: Home) -> None:
    values = prepare_variables(home, {})
    assert find_why_left_out(values) is None
    part = make_part(home, values)
    assert part.env["LEADOPS_DATABASE_URL"] == values["LEADOPS_DATABASE_URL"]
    assert not {"LEADOPS_OWNER_DATABASE_URL", "LEADOPS_POSTGRES_PASSWORD"} & part.env.keys()


def test_every_event_of_the_past_comes_as_history(tmp_path: Path) -> None:
    (tmp_path / f"{EVENTS}-2026-05.jsonl").touch()
    day = date(2026, 5, 31)
    past = MadeUpPast(day, day, seed=1, begun_at=datetime(2026, 6, 1, tzinfo=UTC), finished_at=None)
    commands = [command for stage in list_stages(past, tmp_path) for command in stage.commands]
    assert ["--history" in command for command in commands if command[0] == "replay"] == [True]
