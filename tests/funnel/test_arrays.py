from datetime import UTC, datetime

from leadops.db import Connection
from leadops.funnel.arrays import INFINITY, read_numbers, to_microseconds

MOMENT = datetime(2026, 6, 1, 8, 30, 0, 123456, tzinfo=UTC)


def test_arrays_arrive_element_by_element(connection: Connection) -> None:
    rows = connection.execute(
        "select string_agg(timestamptz_send(at), '' order by at) as times,"
        " string_agg(int8send(number), '' order by at) as numbers"
        " from (values ('b', %(moment)s::timestamptz, -7::bigint), ('b', 'infinity', 9223372036854775807),"
        " (null, '1999-12-31 23:59:59+00', 0)) as given (name, at, number) group by name order by name",
        {"moment": MOMENT},
    ).fetchall()
    (times, numbers), (early, _) = rows
    assert read_numbers(times).tolist() == [to_microseconds(MOMENT), INFINITY]
    assert read_numbers(numbers).tolist() == [-7, 9223372036854775807]
    assert read_numbers(early).tolist() == [-1_000_000]


def test_an_array_of_nothing_is_empty() -> None:
    assert read_numbers(None).tolist() == []
    assert read_numbers(b"").tolist() == []
