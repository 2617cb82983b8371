"""Reads the rows of a query as NumPy columns, without making a Python object of any."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from leadops.db import Connection, load_sql

#: Packs of rows that are fetched at a time: bounds the memory.
PACKS = 20


def read_packs(
    connection: Connection, statement: str, values: dict[str, Any], types: dict[str, str]
) -> Iterator[NDArray[Any]]:
    """Yield the rows of training/`statement`.sql as structured arrays, a pack at a time.

    The statement gives a bytea for each pack: its rows one after the other, made by int4send, float4send and
    float8send. `types` names their columns with the NumPy types of that byte order (">i4", ">f4", ">f8"). The
    order of the packs is not fixed.
    """
    row = np.dtype(list(types.items()))
    with connection.cursor(name="packs", binary=True) as cursor:
        cursor.itersize = PACKS
        cursor.execute(load_sql("leadops.training", statement), values)
        for (pack,) in cursor:
            yield np.frombuffer(pack, dtype=row)
