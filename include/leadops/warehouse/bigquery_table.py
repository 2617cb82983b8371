"""How a table of a mart looks in BigQuery, and what an existing one lacks."""

from typing import TYPE_CHECKING, Any

from leadops.errors import PermanentError
from leadops.warehouse.column_types import ColumnType
from leadops.warehouse.mart_table import MartTable

if TYPE_CHECKING:
    from google.cloud import bigquery

#: What BigQuery calls a type in answers, where that is another name than in statements.
OTHER_NAMES = {"INTEGER": "INT64", "BOOLEAN": "BOOL", "FLOAT": "FLOAT64"}


def make_fields(table: MartTable) -> "list[bigquery.SchemaField]":
    """Return the columns of a table."""
    from google.cloud import bigquery

    return [
        bigquery.SchemaField(
            column.name,
            column.type.bigquery,
            mode="NULLABLE" if column.may_be_null else "REQUIRED",
            description=column.description[:1024],
            **_size(column.type),
        )
        for column in table.columns
    ]


def _size(kind: ColumnType) -> dict[str, Any]:
    return {"precision": kind.precision, "scale": kind.scale} if kind.precision else {}


def describe_table(name: str, table: MartTable) -> "bigquery.Table":
    """Return the table as it is created: by month, clustered by the key, described by the contract."""
    from google.cloud import bigquery

    made = bigquery.Table(name, schema=make_fields(table))
    made.time_partitioning = bigquery.TimePartitioning(
        type_=bigquery.TimePartitioningType.MONTH, field=table.moment
    )
    made.clustering_fields = table.cluster
    made.description = table.mart.description
    return made


def find_missing(found: "bigquery.Table", table: MartTable) -> list[dict[str, str]]:
    """Return the columns that an existing table lacks, each with its `column` and `type`.

    Raises PermanentError where a column has another type or the partitions are others: then somebody made the
    table, or the mart has a new version.
    """
    partitioning = found.time_partitioning
    if partitioning is None or (partitioning.type_, partitioning.field) != ("MONTH", table.moment):
        raise PermanentError(
            f"the table {found.table_id} is not partitioned by the month of {table.moment}: somebody made it"
            " otherwise; drop it, and it is sent again whole"
        )
    known = {field.name: OTHER_NAMES.get(field.field_type, field.field_type) for field in found.schema}
    for column in table.columns:
        if known.get(column.name, column.type.bigquery) != column.type.bigquery:
            raise PermanentError(
                f"{found.table_id}.{column.name} is {known[column.name]}, not {column.type.bigquery}:"
                " somebody changed the table; drop it, and it is sent again whole"
            )
    return [
        {"column": column.name, "type": _spell(column.type)}
        for column in table.columns
        if column.name not in known
    ]


def _spell(kind: ColumnType) -> str:
    return f"{kind.bigquery}({kind.precision}, {kind.scale})" if kind.precision else kind.bigquery
