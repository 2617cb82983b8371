"""`leadops changes approve` is killed half-way: answer and settings are there together, or neither is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.changes.fleet import Fleet, database_url, fleet, fleet_template, rules

__all__ = ["database_url", "fleet", "fleet_template"]


@pytest.fixture
def short(fleet: Fleet) -> str:
    """The hash of a change that waits."""
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    return fleet.waiting().short_hash


@contextmanager
def start(fleet: Fleet, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `leadops changes` as a process of its own."""
    command = [str(Path(sys.executable).parent / "leadops"), "changes", *words]
    environment = os.environ | {"LEADOPS_DATABASE_URL": fleet.url, "COLUMNS": "200"}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_until_blocked(fleet: Fleet, table: str) -> None:
    """Wait until another process wants the lock of `table` that this test has."""
    with psycopg.connect(fleet.url, autocommit=True) as watching:
        for _ in range(1200):
            waiting = watching.execute(
                "select count(*) from pg_locks where relation = %s::regclass and not granted", [table]
            ).fetchone()
            if waiting == (1,):
                return
            time.sleep(0.1)
    raise AssertionError("the approval never came to this table")


@pytest.mark.parametrize("table", ["changes.changes", "config.gated_settings"])
def test_a_kill_before_the_commit_leaves_the_question_and_what_is_in_force(
    fleet: Fleet, short: str, table: str
) -> None:
    with psycopg.connect(fleet.url) as holding, start(fleet, "approve", short) as process:
        # Nobody can write there: the approval stops before the answer, or between it and the settings.
        holding.execute(f"lock table {table} in share mode")
        wait_until_blocked(fleet, table)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
    fleet.a.minute()
    assert fleet.waiting().short_hash == short
    assert fleet.points() == [15] * 10
    assert fleet.world.rows("select count(*) from config.gated_settings where section = 'scoring'") == [(1,)]
    fleet.connection.commit()
    with start(fleet, "approve", short, "--by", "taro") as process:
        assert process.communicate(timeout=120)[0].endswith("approved; takes effect within a minute\n")
    fleet.a.score()
    assert fleet.points() == [15] * 2 + [5] * 8


def test_after_a_kill_that_came_too_late_the_second_try_says_that_it_was_approved(
    fleet: Fleet, short: str
) -> None:
    with start(fleet, "approve", short, "--by", "hanako") as process:
        assert process.wait(timeout=120) == 0  # its answer is read by nobody
    with start(fleet, "approve", short) as process:
        error = process.communicate(timeout=120)[1]
        assert process.returncode == 1
    assert f"change {short} does not wait any more: approved " in error
    fleet.a.score()
    assert fleet.points() == [15] * 2 + [5] * 8
