"""Turns packed rows into NumPy columns, without a Python object a row."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def unpack_rows(packs: Iterable[bytes], types: dict[str, str]) -> Iterator[NDArray[Any]]:
    """Yield each pack (Queries.packs) as a structured array.

    A pack is a bytea that holds rows one after the other, made by int4send, int8send, float4send and
    float8send. `types` names the columns with the NumPy types of that byte order (">i4", ">i8", ">f4",
    ">f8"). The order of the packs is not fixed.
    """
    row = np.dtype(list(types.items()))
    for pack in packs:
        yield np.frombuffer(pack, dtype=row)
