"""What several tests share is left as it was found, so that no test depends on those before it.

A fixture of the root's conftest.py looks before and after each test: at the process, and at what a fixture
of a wider scope has registered with `share`: a cluster, a database, a sandbox. A look costs time, so a test
that does not ask for that fixture, by whatever way, is not looked at.
"""

import decimal
import locale
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from reprlib import repr as shorten
from typing import Any

import psycopg
import requests
from hypothesis import settings
from psycopg import sql

import leadops
from leadops_stack.postgres import PostgresServer

#: What one look sees, by name; equal when nothing has changed.
Look = Callable[[], dict[str, Any]]

#: Where a thread's code is that a test started; a server of a wider scope serves between calls elsewhere.
OWN_CODE = (str(Path(__file__).parent), str(Path(leadops.__file__).parent))
#: Seconds in which a thread has to come to its end after its test.
TO_END = 5.0

#: Variables that pytest and the libraries of numbers set at any time.
BY_OTHERS = ("PYTEST_", "KMP_")
#: What Airflow changes where a test is the first to import it.
BY_AIRFLOW = ("import path", "log level")

_SHARED: dict[str, Look] = {}
#: The fixture without which a test cannot reach it, by the name of what is shared.
_FIXTURES: dict[str, str] = {}


@contextmanager
def share(name: str, look: Look, *, fixture: str = "") -> Iterator[None]:
    """Register `look` at what tests share under `name`, while the block runs.

    With a `fixture` it is for those tests alone that use the fixture of this name.
    """
    _SHARED[name] = look
    if fixture:
        _FIXTURES[name] = fixture
    try:
        yield
    finally:
        del _SHARED[name]
        _FIXTURES.pop(name, None)


@contextmanager
def leave_as_found(fixtures: Container[str] | None = None) -> Iterator[None]:
    """Raise AssertionError if the block changed the process, or what was shared when it began.

    With `fixtures`, the names of those that a test uses, what only others reach is not looked at.
    """
    looks = {"the process": look_at_process} | {
        name: look
        for name, look in _SHARED.items()
        if fixtures is None or name not in _FIXTURES or _FIXTURES[name] in fixtures
    }
    found = {name: look() for name, look in looks.items()}
    had_airflow = "airflow" in sys.modules
    threads = set(threading.enumerate())
    yield
    if "airflow" in sys.modules and not had_airflow:
        found["the process"] |= {key: look_at_process()[key] for key in BY_AIRFLOW}
    changed = [
        change
        for name, before in found.items()
        if name == "the process" or _SHARED.get(name) is looks[name]
        for change in _compare(name, before, looks[name]())
    ]
    changed += [f"the process, thread: {thread.name} goes on" for thread in _find_left_threads(threads)]
    assert not changed, "\n".join(["the test did not leave as it was found:", *changed])


def _find_left_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads begun since that are still at our own code; they would act in the next tests."""
    until = time.monotonic() + TO_END
    while left := [
        thread
        for thread in threading.enumerate()
        if thread not in before and thread is not threading.current_thread() and _is_at_own_code(thread)
    ]:
        if time.monotonic() > until:
            break
        time.sleep(0.01)
    return left


def _is_at_own_code(thread: threading.Thread) -> bool:
    frame = sys._current_frames().get(thread.ident or 0)
    while frame and not frame.f_code.co_filename.startswith(OWN_CODE):
        frame = frame.f_back
    return frame is not None


def _compare(name: str, before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return [
        f"{name}, {key}: {shorten(before.get(key, 'nothing'))} became {shorten(after.get(key, 'nothing'))}"
        for key in before.keys() | after.keys()
        if key not in before or key not in after or before[key] != after[key]
    ]


def look_at_process() -> dict[str, Any]:
    """Return what a test may change for all that follow in its process."""
    variables = {f"${name}": value for name, value in os.environ.items() if not name.startswith(BY_OTHERS)}
    os.umask(mask := os.umask(0))
    return variables | {
        "folder": Path.cwd(),
        "umask": mask,
        "arguments": tuple(sys.argv),
        "time zone": time.tzname,
        "locale": locale.setlocale(locale.LC_ALL),
        "time-out of sockets": socket.getdefaulttimeout(),
        "decimal precision": decimal.getcontext().prec,
        "signals": tuple(signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)),
        "last resort": sys.excepthook,
        "profile of hypothesis": settings.get_current_profile_name(),
        "look of pictures": _find_picture_changes(),
        "import path": tuple(sys.path),
        "log level": logging.root.level,
    }


def _find_picture_changes() -> dict[str, Any]:
    """Return matplotlib's settings that are not as it was imported; a test may be the first to import it."""
    pictures = sys.modules.get("matplotlib")
    found: dict[str, Any] = getattr(pictures, "rcParams", {})
    imported: dict[str, Any] = getattr(pictures, "rcParamsOrig", {})
    return {name: found[name] for name in found if name != "backend" and found[name] != imported.get(name)}


def look_at_cluster(server: PostgresServer) -> dict[str, Any]:
    """Return the databases of a cluster by their folders, which costs no connection."""
    folders = (each.name for each in (server.folder / "base").iterdir())
    return {f"database {name}": "there" for name in folders if name.isdigit()}


def look_at_sandbox(url: str) -> dict[str, Any]:
    """Return the faults and the settings of a sandbox; what it holds grows by each test."""
    return {path: requests.get(f"{url}/{path}", timeout=60).json() for path in ("_faults", "_settings")}


@contextmanager
def share_sandbox(url: str, *, fixture: str) -> Iterator[None]:
    """Register a sandbox at what those tests share that use this fixture."""
    with share(f"the sandbox {url}", lambda: look_at_sandbox(url), fixture=fixture):
        yield


def count_rows(url: str) -> dict[str, int]:
    """Return how many rows each table of a database has; in those without a page none are looked for."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(relname), pg_relation_size(relid) > 0"
            " from pg_stat_user_tables"
        ).fetchall()
        nothing = dict.fromkeys((name for name, _ in tables), 0)
        filled = [name for name, has_pages in tables if has_pages]
        if not filled:
            return nothing
        counts = sql.SQL(" union all ").join(
            sql.SQL("select {}, count(*) from {}").format(sql.Literal(name), sql.SQL(name)) for name in filled
        )
        return nothing | dict(connection.execute(counts).fetchall())


@contextmanager
def restore_rows(url: str) -> Iterator[None]:
    """Empty the tables afterwards that had no rows before."""
    before = count_rows(url)
    yield
    filled = [name for name, count in count_rows(url).items() if count and not before[name]]
    if filled:
        with psycopg.connect(url) as connection:
            connection.execute(f"truncate {', '.join(filled)} restart identity".encode())
