"""The check that nothing is left finds what a test leaves, and only that."""

import decimal
import logging
import os
import secrets
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import matplotlib
import psycopg
import pytest
import requests

from leadops_sandbox.serve import serve_in_thread
from leadops_stack.postgres import PostgresServer
from tests import left_as_found
from tests.cluster import TEMPLATE, database_of, is_own
from tests.left_as_found import count_rows, leave_as_found, restore_rows, share, share_sandbox


def is_noticed(change: Callable[[], object]) -> str:
    """Return what is said of `change`."""
    with pytest.raises(AssertionError) as caught, leave_as_found():
        change()
    return str(caught.value)


def test_what_a_process_keeps_is_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GONE_AFTER_A_TEST", "1")
    monkeypatch.setattr(sys, "path", [*sys.path])  # taken back at the end of this test, as all of these
    monkeypatch.setattr(logging.root, "level", logging.root.level)
    monkeypatch.chdir(Path.cwd())
    changes: dict[str, Callable[[], object]] = {
        "$LEFT_BY_A_TEST: 'nothing' became '1'": lambda: monkeypatch.setenv("LEFT_BY_A_TEST", "1"),
        "$GONE_AFTER_A_TEST: '1' became 'nothing'": lambda: monkeypatch.delenv("GONE_AFTER_A_TEST"),
        "folder": lambda: os.chdir(tmp_path),
        "import path": lambda: sys.path.append("x"),
        "log level": lambda: logging.root.setLevel(7),
        "decimal precision": lambda: setattr(decimal.getcontext(), "prec", 9),
        "signals": lambda: signal.signal(signal.SIGHUP, lambda *_: None),
        "umask": lambda: os.umask(0o027),
        "look of pictures": lambda: monkeypatch.setitem(matplotlib.rcParams, "font.size", 7.0),
    }
    before = decimal.getcontext().prec, signal.getsignal(signal.SIGHUP), os.umask(0)
    os.umask(before[2])
    try:
        for words, change in changes.items():
            assert f"the process, {words}" in is_noticed(change)
    finally:
        decimal.getcontext().prec = before[0]
        signal.signal(signal.SIGHUP, before[1])
        os.umask(before[2])


def test_what_is_put_back_is_not_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    with leave_as_found(), monkeypatch.context() as inner:
        inner.setenv("LEFT_BY_A_TEST", "1")
        inner.setattr(sys, "argv", ["x"])


def test_a_thread_that_goes_on_is_noticed_and_one_that_ends_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = threading.Event()

    def go_on() -> None:
        stop.wait(60)

    monkeypatch.setattr(left_as_found, "TO_END", 0.1)
    said = is_noticed(threading.Thread(target=go_on, name="the caller").start)
    assert "the process, thread: the caller goes on" in said
    monkeypatch.undo()
    with leave_as_found():
        threading.Thread(target=go_on).start()
        threading.Timer(0.2, stop.set).start()


def test_a_database_that_is_left_is_noticed(postgres: PostgresServer) -> None:
    if not is_own(postgres):
        pytest.skip("other sessions make databases in this cluster")
    name = f"left_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        said = is_noticed(lambda: admin.execute(f"create database {name} template {TEMPLATE}".encode()))
        admin.execute(f"drop database {name}".encode())
    assert said.count("the cluster, database ") == 1
    with leave_as_found(), database_of(postgres, name):
        pass


def test_rows_that_are_left_in_a_shared_database_are_noticed_and_can_be_removed(database_url: str) -> None:
    def add_lead() -> None:
        with psycopg.connect(database_url) as connection:
            connection.execute("insert into identity.leads (email, created_at) values ('a@x.example', now())")

    def read_next_id() -> int:
        with psycopg.connect(database_url) as connection:
            row = connection.execute("select last_value from identity.leads_lead_id_seq").fetchone()
        assert row
        return int(row[0])

    with share("a database", lambda: count_rows(database_url)):
        with leave_as_found(), restore_rows(database_url):
            add_lead()
        assert read_next_id() == 1
        assert "a database, identity.leads: 0 became 1" in is_noticed(add_lead).splitlines()
    with leave_as_found(), psycopg.connect(database_url) as connection:  # nobody shares it any longer
        connection.execute("delete from identity.leads")


def test_faults_and_settings_of_a_shared_sandbox_are_noticed(tmp_path: Path) -> None:
    with serve_in_thread(tmp_path) as url, share_sandbox(url, fixture="sandbox"):
        fault = {"target": "ma", "kind": "500"}
        said = is_noticed(lambda: requests.post(f"{url}/_faults", json=fault, timeout=60))
        assert f"the sandbox {url}, _faults" in said
        requests.delete(f"{url}/_faults", timeout=60)
        body = {"ma_remember_seconds": 0}
        assert "_settings" in is_noticed(lambda: requests.post(f"{url}/_settings", json=body, timeout=60))


def test_what_a_test_cannot_reach_is_not_looked_at() -> None:
    looks: list[str] = []

    def look(name: str) -> dict[str, int]:
        looks.append(name)
        return {}

    with share("all", lambda: look("all")), share("one", lambda: look("one"), fixture="sandbox"):
        with leave_as_found(["tmp_path"]):
            looks.append("other")
        with leave_as_found(["tmp_path", "sandbox"]):
            looks.append("user")
    assert looks == ["all", "other", "all", "all", "one", "user", "all", "one"]


def test_what_came_or_went_while_a_test_ran_is_not_compared() -> None:
    """A fixture of a wider scope may end with the last test that needs it."""
    count = iter(range(10))
    ended = share("ended", lambda: {"looks": next(count)})
    ended.__enter__()
    with leave_as_found(), share("begun", lambda: {"looks": next(count)}):
        ended.__exit__(None, None, None)
