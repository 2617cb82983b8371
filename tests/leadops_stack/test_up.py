"""What the supervisor does beside its parts: whatever the database does, it goes on."""

import io
import time
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from rich.console import Console

from leadops.db import Connection
from leadops_stack.home import Home
from leadops_stack.past_part import PastPart
from leadops_stack.screen import Screen
from leadops_stack.up import _watch

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


class Ticking:
    """In place of a supervisor: one look, a minute after the start."""

    def watch(self, *, every: float, tick: Callable[[], None]) -> None:
        assert every > 0
        tick()


@pytest.fixture
def look(database_url: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[[], str]:
    """Look once; return what the terminal shows."""
    monkeypatch.setattr("leadops_stack.up.MINUTE", 0.0)
    monkeypatch.setattr("leadops.watchdog.airflow_queue.STATEMENT_LIMIT", "200ms")

    def run(url: str = database_url) -> str:
        shown = io.StringIO()
        _watch(
            Ticking(),  # type: ignore[arg-type]
            {"LEADOPS_DATABASE_URL": url},
            Screen(Console(file=shown, width=200)),
            since=NOW,
            started=time.time(),
            past=PastPart(home, {"LEADOPS_DEMO": "0"}, Ticking(), Screen(Console(file=shown))),  # type: ignore[arg-type]
        )
        return shown.getvalue()

    return run


def test_a_minute_is_one_line(look: Callable[[], str]) -> None:
    assert "events in 0, deltas pushed 0" in look()


def test_a_lock_costs_the_line_and_nothing_else(
    look: Callable[[], str], connection: Connection, database_url: str
) -> None:
    with psycopg.connect(database_url) as somebody:
        somebody.execute("lock table scoring.ledger in access exclusive mode")
        assert "the database refused (QueryCanceled, SQLSTATE 57014); try again" in look()


def test_so_does_a_database_that_is_down(look: Callable[[], str]) -> None:
    assert "the database does not answer" in look("postgresql://127.0.0.1:1/nowhere")
