"""Reads a column of a query as a NumPy array, without making a Python object of any element.

SQL sends such a column as one bytea, string_agg(int8send(x), '') or string_agg(timestamptz_send(x), ''):
eight bytes an element, in PostgreSQL's binary format.
"""

from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # from which PostgreSQL counts microseconds
INFINITY = np.iinfo(np.int64).max  # how PostgreSQL sends the moment 'infinity'


def to_microseconds(moment: datetime) -> int:
    """Return `moment` as PostgreSQL keeps it."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def read_numbers(column: bytes | None) -> NDArray[np.int64]:
    """Return the elements of `column`: bigints, or moments in microseconds since EPOCH; empty for None."""
    return np.frombuffer(column or b"", dtype=">i8").astype(np.int64)
