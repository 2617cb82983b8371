from datetime import UTC, datetime, timedelta

from benchmarks.checks import end_breaches, fill_breaches, run_checks_timed
from leadops.db import Connection


def test_breaches_are_filled_as_sla_leaves_them_and_the_checks_find_each(connection: Connection) -> None:
    now = datetime.now(UTC)
    fill_breaches(connection, first=1, last=20, now=now)
    assert run_checks_timed(connection, now)[1].opened == 20
    assert run_checks_timed(connection, now)[1].open == 20
    end_breaches(connection, now=now + timedelta(minutes=1))
    assert run_checks_timed(connection, now + timedelta(minutes=1))[1].resolved == 20
