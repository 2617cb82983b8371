import psycopg
import pytest

from tests.waiting import list_sessions, outlive_sessions, wait_until


def test_what_never_comes_true_fails_in_time() -> None:
    with pytest.raises(AssertionError, match=r"still not true after 0.05 s"):
        wait_until(lambda: False, seconds=0.05)


def test_what_is_waited_for_is_returned() -> None:
    found = iter([None, [], "there"])
    assert wait_until(lambda: next(found), pause=0.0) == "there"


def test_sessions_that_began_in_the_block_are_outlived_and_no_others(database_url: str) -> None:
    with psycopg.connect(database_url) as before:
        with outlive_sessions(database_url):
            session = psycopg.connect(database_url)
            ours = {before.info.backend_pid, session.info.backend_pid}
            wait_until(lambda: list_sessions(database_url) == ours)  # that of the test before may still end
            session.execute("select pg_advisory_lock(1)")
            session.close()
        assert list_sessions(database_url) == {before.info.backend_pid}
        assert before.execute("select pg_try_advisory_lock(1)").fetchone() == (True,)
