from datetime import UTC, datetime

from leadops.db import Connection
from leadops.funnel.arrays import INFINITY, read_arrays, to_microseconds

MOMENT = datetime(2026, 6, 1, 8, 30, 0, 123456, tzinfo=UTC)


def test_arrays_come_as_they_are_and_texts_stay_texts(connection: Connection) -> None:
    rows = read_arrays(
        connection,
        "select name, array_agg(at order by at), array_agg(number order by at) from"
        " (values ('b', %(moment)s::timestamptz, -7::bigint), ('b', 'infinity', 9223372036854775807),"
        " (null, '1999-12-31 23:59:59+00', 0)) as given (name, at, number) group by name order by name",
        {"moment": MOMENT},
    )
    (name, times, numbers), (nobody, early, _) = rows
    assert (name, nobody) == ("b", None)
    assert times.tolist() == [to_microseconds(MOMENT), INFINITY]
    assert numbers.tolist() == [-7, 9223372036854775807]
    assert early.tolist() == [-1_000_000]


def test_an_array_of_nothing_is_empty(connection: Connection) -> None:
    [[nothing]] = read_arrays(connection, "select array_agg(n) from generate_series(1::bigint, 0) as n", {})
    assert nothing.tolist() == []
