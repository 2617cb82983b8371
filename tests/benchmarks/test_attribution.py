from datetime import timedelta

from benchmarks.attribution import UNTIL, fill_touches, refresh
from leadops.db import Connection


def test_what_is_filled_is_refreshed_and_what_lies_before_changes_nothing(connection: Connection) -> None:
    since = UNTIL - timedelta(days=80)
    fill_touches(connection, touches=2_000, since=since, until=UNTIL, first=1_000)
    done = refresh(connection)
    assert (done.conversions, done.note) == (40, None)
    assert 1_900 < done.touches <= 2_000
    past = since - timedelta(days=200)
    fill_touches(connection, touches=500, since=past - timedelta(days=300), until=past, first=1)
    assert refresh(connection) == done
