"""The database's own words quote data; what leaves leadops is one line without them."""

import traceback

import psycopg
import pytest

from leadops.db import Connection, connect
from leadops.db_errors import database_errors_in_one_line
from leadops.errors import LeadopsError, PermanentError, TransientError


@pytest.mark.parametrize(
    ("statement", "kind", "says"),
    [
        ('select \'{"email": "taro@example.com\'::jsonb', PermanentError, "SQLSTATE 22P02"),
        ("select * from nowhere.taro", PermanentError, "SQLSTATE 42P01); run `leadops migrate`"),
        ("select taro from cdp.events", PermanentError, "SQLSTATE 42703); run `leadops migrate`"),
        ("create table nowhere.taro ()", PermanentError, "SQLSTATE 3F000); run `leadops migrate`"),
        ("set statement_timeout = 1; select pg_sleep(5)", TransientError, "SQLSTATE 57014); try again"),
    ],
)
def test_one_line_says_what_to_do_and_quotes_nothing(
    connection: Connection, statement: str, kind: type[LeadopsError], says: str
) -> None:
    with pytest.raises(kind) as caught, database_errors_in_one_line():
        connection.execute(statement.encode())
    assert says in str(caught.value)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    assert "CONTEXT" not in shown
    assert "psycopg.errors" not in shown
    assert len(str(caught.value).splitlines()) == 1


def test_a_lost_connection_is_worth_another_try(connection: Connection, database_url: str) -> None:
    with connect(database_url) as other:
        other.execute("select pg_terminate_backend(%s)", [connection.info.backend_pid])
    with pytest.raises(TransientError, match="try again"), database_errors_in_one_line():
        connection.execute("select 1")


def test_a_cause_of_psycopgs_is_left_out_and_others_stay() -> None:
    for cause, stays in ((psycopg.DataError("taro@example.com"), False), (ValueError("a line"), True)):
        with pytest.raises(PermanentError) as caught, database_errors_in_one_line():
            raise PermanentError("ours") from cause
        assert (str(cause) in "".join(traceback.format_exception(caught.value))) is stays
