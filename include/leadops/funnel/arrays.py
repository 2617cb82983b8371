"""Reads arrays of a query as NumPy arrays, without making a Python object of any element."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from leadops.db import Connection

#: An array of eight-byte numbers as PostgreSQL sends it: a header, then length and number in turn.
HEADER = 20  # bytes
ELEMENT = np.dtype([("length", ">i4"), ("number", ">i8")])
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # from which PostgreSQL counts microseconds
INFINITY = np.iinfo(np.int64).max  # how PostgreSQL sends the moment 'infinity'
TEXT = 25  # PostgreSQL's number of the type text


def to_microseconds(moment: datetime) -> int:
    """Return `moment` as PostgreSQL keeps it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def read_arrays(connection: Connection, statement: Any, values: dict[str, Any]) -> list[list[Any]]:
    """Return the rows of a statement, each array of bigint or timestamptz (µs, see EPOCH) in them as int64.

    The arrays have one dimension and no null; one that is null itself is empty. A text stays one.
    """
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement, values)
        result = cursor.pgresult
        assert result is not None  # noqa: S101 - it was executed
        texts = [result.ftype(column) == TEXT for column in range(result.nfields)]
        return [
            [_read(result.get_value(row, column), is_text=is_text) for column, is_text in enumerate(texts)]
            for row in range(result.ntuples)
        ]


def _read(body: bytes | None, *, is_text: bool) -> Any:
    if is_text:
        return None if body is None else body.decode()
    if not body:
        return np.zeros(0, dtype=np.int64)
    return np.frombuffer(body, dtype=ELEMENT, offset=HEADER)["number"].astype(np.int64)
