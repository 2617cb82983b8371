"""The types of the marts' columns: how PostgreSQL hands them out, and what Parquet and BigQuery make of them.

`canonical_…` gives a value as text that is the same everywhere. Hashes are compared over that text, so a type
whose own text differs between systems (times, numerics, booleans) goes as a whole number.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadops.errors import PermanentError

if TYPE_CHECKING:
    import pyarrow

NUMERIC = re.compile(r"numeric\((\d+),\s*(\d+)\)")


@dataclass(frozen=True)
class ColumnType:
    """A type of a column.

    `postgres`: the expression that COPY hands out; `canonical_postgres` and `canonical_bigquery`: that of the
    canonical text; each with {} for the column. `is_number`: sums of the column are compared too.
    """

    arrow: Callable[[], "pyarrow.DataType"]
    bigquery: str
    canonical_postgres: str
    canonical_bigquery: str
    postgres: str = "{}"
    scale: int = 0
    precision: int = 0
    is_number: bool = False


def _arrow(name: str, *arguments: Any) -> Callable[[], "pyarrow.DataType"]:
    """Return what makes a type of pyarrow, which is imported only then."""

    def make() -> "pyarrow.DataType":
        import pyarrow

        return getattr(pyarrow, name)(*arguments)

    return make


_WHOLE = ColumnType(_arrow("int64"), "INT64", "{}::text", "cast({} as string)", is_number=True)
_TEXT = ColumnType(_arrow("string"), "STRING", "{}", "{}")
_JSON = ColumnType(_arrow("string"), "STRING", "{}::text", "{}", postgres="{}::text")

_TYPES = {
    "bigint": _WHOLE,
    "integer": _WHOLE,
    "smallint": _WHOLE,
    "text": _TEXT,
    "jsonb": _JSON,
    "uuid": _JSON,
    "text[]": ColumnType(
        _arrow("string"), "STRING", "to_jsonb({})::text", "{}", postgres="to_jsonb({})::text"
    ),
    "boolean": ColumnType(_arrow("bool_"), "BOOL", "{}::integer::text", "cast(cast({} as int64) as string)"),
    "date": ColumnType(
        _arrow("date32"), "DATE", "({} - date '1970-01-01')::text", "cast(unix_date({}) as string)"
    ),
    "timestamp with time zone": ColumnType(
        _arrow("timestamp", "us", "UTC"),
        "TIMESTAMP",
        "(extract(epoch from {}) * 1000000)::bigint::text",
        "cast(unix_micros({}) as string)",
    ),
    "double precision": ColumnType(
        _arrow("float64"),
        "FLOAT64",
        "floor({} * 1000000)::bigint::text",
        "cast(cast(floor({} * 1000000) as int64) as string)",
    ),
}


def find_type(data_type: str) -> ColumnType:
    """Return the type that the contract names; raise PermanentError for one that is not exported."""
    if known := _TYPES.get(data_type):
        return known
    if not (numeric := NUMERIC.fullmatch(data_type)):
        raise PermanentError(
            f"the type {data_type} of the contract is not exported; add it to column_types.py"
        )
    precision, scale = map(int, numeric.groups())
    factor = 10**scale
    return ColumnType(
        _arrow("decimal128", precision, scale),
        "NUMERIC",
        f"({{}} * {factor})::bigint::text",
        f"cast(cast({{}} * {factor} as int64) as string)",
        scale=scale,
        precision=precision,
        is_number=True,
    )
