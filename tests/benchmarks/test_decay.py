from datetime import UTC, datetime, timedelta

from benchmarks.decay import fill_behaviour, night
from leadops.db import Connection


def test_leads_are_filled_as_scoring_leaves_them_and_a_night_finds_them(connection: Connection) -> None:
    now = datetime.now(UTC)
    fill_behaviour(connection, leads=50, now=now - timedelta(days=2))
    sums = connection.execute(
        "select count(*), sum(behaviour), (select sum(points) from scoring.ledger) from scoring.scores"
    ).fetchone()
    assert sums == (50, 50 * 47, 50 * 47)
    _, done = night(connection, now.date() - timedelta(days=2))
    assert done.leads == 50
    assert done.points < 0
    assert night(connection, now.date() - timedelta(days=2))[1].leads == 0
