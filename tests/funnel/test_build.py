"""A run that is killed leaves the tables as they were, and two at once lose nothing."""

import threading

import psycopg
import pytest

from leadops.db import connect
from leadops.funnel.built_days import list_dirty_days
from leadops.funnel.daily_table import BuildContext
from leadops.funnel.refresh_funnel import build_day, mark_touched
from tests.funnel.conftest import Books, at, on
from tests.held_rows import AWAITED
from tests.waiting import PATIENCE, wait_until


def test_a_run_killed_midway_leaves_yesterdays_tables_whole(books: Books, database_url: str) -> None:
    lead = books.mql(at("06-01 10:00"))
    books.refresh(on("06-01"))
    before = books.everything()
    books.reach(lead, "sal", at("06-01 11:00"))  # 06-01 must be built again, 06-02 for the first time
    books.mql(at("06-02 10:00"))

    # Whoever reads the lead times keeps the run waiting after it has written the counts.
    with (
        connect(database_url) as victim,
        psycopg.connect(database_url, autocommit=True) as other,
        other.transaction(),
    ):
        other.execute("lock table analytics.lead_times in share row exclusive mode")
        run = _Run(Books(victim, now=books.now))
        run.start()
        wait_until(lambda: other.execute(AWAITED).fetchone() == (True,))
        assert books.everything() == before
        other.execute("select pg_terminate_backend(%s)", [victim.info.backend_pid])
        run.join(timeout=PATIENCE)
        assert isinstance(run.error, psycopg.OperationalError)
    assert books.everything() == before

    assert books.refresh(on("06-02")).again == (on("06-01"),)  # nothing of what was touched is forgotten
    assert books.daily("dt, mqls, sals") == [(on("06-01"), 1, 1), (on("06-02"), 1, 0)]


class _Run(threading.Thread):
    def __init__(self, books: Books) -> None:
        super().__init__(daemon=True)
        self.books = books
        self.error: Exception | None = None

    def run(self) -> None:
        with pytest.raises(psycopg.OperationalError) as caught:
            self.books.refresh(on("06-02"))
        self.error = caught.value


def test_two_runs_at_once_write_what_one_would(books: Books, database_url: str) -> None:
    for hour in range(5):
        books.mql(at(f"06-01 1{hour}:00"))

    with connect(database_url) as first, connect(database_url) as second:
        threads = [
            threading.Thread(target=Books(each, now=books.now).refresh, args=[on("06-01")])
            for each in (first, second)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=PATIENCE)

    assert books.daily("leads, mqls") == [(5, 5)]
    assert len(books.ask("select lead_id from analytics.response_times")) == 5


def test_a_day_that_another_run_found_touched_meanwhile_is_counted_and_not_only_its_figures(
    books: Books,
) -> None:
    books.refresh_all(on("06-01"), on("06-02"))
    books.mql(at("06-01 10:00"))  # 06-02 only looks back on it
    context = BuildContext(books.company, books.settings, books.contract, books.policy, books.now)
    mark_touched(books.connection, context)
    assert [day.scope for day in list_dirty_days(books.connection)] == ["counts", "figures"]
    books.mql(at("06-02 10:00"))
    mark_touched(books.connection, context)  # the other run, after this one has read what to build

    build_day(books.connection, on("06-02"), context, only_looking_back=True)

    assert books.daily("dt, mqls") == [(on("06-02"), 1)]
    assert [day.dt for day in list_dirty_days(books.connection)] == [on("06-01")]
