"""`leadops canary`: the last day is drawn, an hour a block."""

from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner

from leadops.canary.read_day import HopSummary, read_span
from leadops.cli import canary
from leadops.db import Connection
from leadops.settings import DATABASE_URL

START = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def add_visit(connection: Connection, at: datetime, *, seconds: float | None) -> None:
    """A visit whose one hop is `score`, with a limit of five minutes."""
    (visit,) = connection.execute(
        "insert into canary.visits (visitor_id, event_id, form_id, form_key, warehouses, started_at)"
        " values (1, %s, 'f', 'k', '{}', %s) returning visit_id",
        [at.isoformat(), at],
    ).fetchall()[0]
    done = None if seconds is None else at + timedelta(seconds=seconds)
    connection.execute(
        "insert into canary.hops (visit_id, hop, follows, limit_minutes, begins_at, done_at, seen_at)"
        " values (%s, 'score', '{}', 5, %s, %s, %s)",
        [visit, at, done, done],
    )


def fill_day(connection: Connection) -> None:
    for minute, seconds in ((0, 10), (5, 30), (65, 150), (130, 400), (235, None)):
        add_visit(connection, START + minute * MINUTE, seconds=seconds)
    connection.commit()


def test_a_span_has_the_times_of_its_visits(connection: Connection) -> None:
    fill_day(connection)
    now = START + 238 * MINUTE
    (hop,) = read_span(connection, start=START, until=START + 300 * MINUTE, now=now)
    assert (hop.visits, hop.open_visits, hop.late_visits) == (5, 1, 1)
    assert (hop.median, hop.longest, hop.newest) == (90, 400, 400)
    assert hop.high == pytest.approx(362.5)  # 150 + 0.85 × 250
    assert (hop.waiting, hop.is_late, hop.limit_seconds) == (180, False, 300)
    assert list(hop.hours) == [30, 150, 400, 180, None]
    assert hop.last_at == START + 130 * MINUTE + timedelta(seconds=400)


def test_each_hour_is_a_block_of_the_limit() -> None:
    hop = HopSummary(
        *("score", 4, 0, 1, 1.0, 1.0, 400.0, 1.0, START, 300.0, None),
        hours=[None, 0.0, 37.4, 37.6, 299.9, 300.0, 300.1],
    )
    assert canary.draw_hours(hop) == "·▁▁▂██×"


def test_a_day_is_drawn_and_one_without_visits_says_so(
    connection: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE_URL, database_url)
    fill_day(connection)
    shown = CliRunner().invoke(canary.app, ["show", "--day", "2026-06-01"])
    assert shown.exit_code == 0, shown.output
    assert "score" in shown.output
    assert "×" in shown.output
    empty = CliRunner().invoke(canary.app, ["show", "--day", "2026-05-01"])
    assert "no visits in this time" in empty.output
