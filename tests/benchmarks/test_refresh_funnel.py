from datetime import timedelta

from benchmarks.refresh_funnel import START, UNTIL, fill_stages, refresh
from leadops.db import Connection


def test_what_is_filled_is_counted_and_what_lies_before_changes_nothing(connection: Connection) -> None:
    fill_stages(connection, leads=40, since=START, until=UNTIL, first=4_000)
    done = refresh(connection)
    assert (done.leads, done.mqls, done.sals, done.sqls, done.wons) == (40, 40, 30, 20, 10)
    assert (done.losts, done.left_out, done.again) == (0, 0, ())
    fill_stages(connection, leads=80, since=START - timedelta(days=99), until=START, first=4)
    assert refresh(connection) == done
