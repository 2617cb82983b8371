"""Reads the rows of a query as NumPy columns, without making a Python object of any."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg import sql

from leadops.db import Connection, load_sql

#: What a binary COPY begins and ends with, in bytes (PostgreSQL manual, COPY, file formats).
HEADER, TRAILER = 19, 2

#: Bytes that are gathered before they are read as rows.
BLOCK = 8_000_000


def read_blocks(
    connection: Connection, statement: str, values: dict[str, Any], types: dict[str, str]
) -> Iterator[NDArray[Any]]:
    """Yield the rows of training/`statement`.sql as structured arrays, in blocks.

    `types` names the columns with their NumPy types of the database's byte order (">i4", ">f4", ">f8"); none
    may be null, so that every row has the same length.
    """
    fields = [("fields", ">i2")]
    for name, kind in types.items():
        fields += [(f"{name} length", ">i4"), (name, kind)]
    row = np.dtype(fields)
    query = sql.SQL("copy ({}) to stdout (format binary)").format(
        sql.SQL(load_sql("leadops.training", statement))
    )
    waiting = bytearray()
    begun = False
    with connection.cursor() as cursor, cursor.copy(query, values) as copy:
        for data in copy:
            waiting += data
            if not begun:
                if len(waiting) < HEADER:
                    continue
                del waiting[:HEADER]
                begun = True
            if len(waiting) >= BLOCK:
                whole = (len(waiting) - TRAILER) // row.itemsize * row.itemsize
                yield np.frombuffer(bytes(waiting[:whole]), dtype=row)
                del waiting[:whole]
    yield np.frombuffer(bytes(waiting[:-TRAILER]), dtype=row)
