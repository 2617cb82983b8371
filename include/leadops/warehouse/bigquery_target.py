"""Marts as tables of BigQuery, by Google's own client: Parquet is loaded into a table of its own and merged.

A load costs nothing; the merge bills what it reads of the months that it touches. The table is partitioned by
month and clustered by the key. A label of the table remembers up to which change number rows may have come.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from leadops.warehouse.bigquery_errors import bigquery_errors
from leadops.warehouse.bigquery_table import describe_table, find_missing, make_fields
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import FIRST, LAST, Fingerprint, Fingerprints, end_of_month
from leadops.warehouse.read_marts import StagedRows
from leadops.warehouse.statements import for_bigquery

if TYPE_CHECKING:
    from google.cloud import bigquery

PROMISE = "leadops_promised_to"
#: Google deletes what a killed export left behind.
STAGED_FOR = timedelta(days=1)
#: Seconds for one call, and for one job.
CALL, JOB = 60.0, 1800.0


class BigQueryTarget:
    """A dataset of BigQuery.

    `max_bytes`: a statement that would bill more fails and costs nothing; None: no limit.
    """

    bills_bytes = True

    def __init__(
        self,
        client: "bigquery.Client",
        *,
        dataset: str,
        clock: Callable[[], datetime],
        location: str | None = None,
        max_bytes: int | None = None,
    ) -> None:
        self._client, self._clock = client, clock
        self._dataset = f"{client.project}.{dataset}"
        self._location, self._max_bytes = location, max_bytes

    def prepare(self, table: MartTable) -> bool:
        """Create dataset, table and view where they are missing, and add columns; return whether rows lie."""
        from google.api_core.exceptions import NotFound

        with bigquery_errors():
            try:
                found = self._client.get_table(self._name(table), timeout=CALL)
            except NotFound:
                self._create(table)
                return False
            if missing := find_missing(found, table):
                for column in missing:
                    self._run(for_bigquery("add_column", table, table=self._name(table), **column))
                self._create_view(table)
        return self._has_rows(table)

    def read_promise(self, table: MartTable) -> int:
        """Return the number in the table's label."""
        with bigquery_errors():
            labels = self._client.get_table(self._name(table), timeout=CALL).labels or {}
        return int(labels.get(PROMISE, 0))

    def promise(self, table: MartTable, last: int) -> None:
        """Set the table's label."""
        with bigquery_errors():
            found = self._client.get_table(self._name(table), timeout=CALL)
            found.labels = {**(found.labels or {}), PROMISE: str(last)}
            self._client.update_table(found, ["labels"], timeout=CALL)

    def add(self, table: MartTable, rows: StagedRows, *, after: int, last: int) -> None:  # noqa: ARG002
        """Load the rows, and merge those whose change number is not there."""
        with self._staged(table, rows) as staged:
            self._run(
                for_bigquery("insert_changes", table, table=self._name(table), staged=staged),
                since=rows.since,
                until=rows.until,
            )

    def replace_partition(
        self,
        table: MartTable,
        rows: StagedRows,
        *,
        month: datetime,
        last: int,  # noqa: ARG002
    ) -> None:
        """Delete the rows of the month and insert `rows`, in one statement."""
        with self._staged(table, rows) as staged:
            self._run(
                for_bigquery("replace_partition", table, table=self._name(table), staged=staged),
                since=month,
                until=end_of_month(month),
            )

    def replace_leads(
        self,
        table: MartTable,
        rows: StagedRows,
        *,
        lead_ids: Sequence[int],
        last: int,  # noqa: ARG002
    ) -> None:
        """Delete the rows of these leads and insert `rows`, in one statement."""
        with self._staged(table, rows) as staged:
            self._run(
                for_bigquery("replace_leads", table, table=self._name(table), staged=staged),
                lead_ids=list(lead_ids),
            )

    def read_fingerprints(self, table: MartTable, *, since: datetime, until: datetime) -> Fingerprints:
        """Let BigQuery compute them."""
        found = self._run(
            for_bigquery("fingerprint", table, table=self._name(table)), since=since, until=until
        )
        return {
            row["partition"]: Fingerprint(row["row_count"], row["total"] or 0, row["hash"] or 0)
            for row in found
        }

    def tidy(self, table: MartTable) -> None:
        """BigQuery does that by itself."""

    def estimate_add(self, table: MartTable, *, since: datetime, until: datetime) -> int:
        """Ask BigQuery what reading the keys of these months bills, as the merge does."""
        return self._estimate("read_keys", table, since=since, until=until)

    def estimate_compare(self, table: MartTable, *, since: datetime = FIRST) -> int:
        """Ask BigQuery what the fingerprints from `since` on bill."""
        return self._estimate("fingerprint", table, since=since, until=LAST)

    def _name(self, table: MartTable) -> str:
        return f"{self._dataset}.{table.relation}"

    def _create(self, table: MartTable) -> None:
        from google.cloud import bigquery

        dataset = bigquery.Dataset(self._dataset)
        if self._location:
            dataset.location = self._location
        self._client.create_dataset(dataset, exists_ok=True, timeout=CALL)
        self._client.create_table(describe_table(self._name(table), table), exists_ok=True, timeout=CALL)
        self._create_view(table)

    def _create_view(self, table: MartTable) -> None:
        """Let the mart's own name show what is known now."""
        if table.has_versions:
            view = f"{self._dataset}.{table.mart.name}"
            self._run(for_bigquery("present_rows", table, table=self._name(table), view=view))

    def _has_rows(self, table: MartTable) -> bool:
        return any(self._client.list_rows(self._name(table), max_results=1, timeout=CALL))

    @contextmanager
    def _staged(self, table: MartTable, rows: StagedRows) -> Iterator[str]:
        """Load a file into a table of its own, which goes at the end."""
        from google.cloud import bigquery

        name = f"{self._dataset}.leadops_staged_{table.relation}_{uuid4().hex}"
        fields = make_fields(table)
        staged = bigquery.Table(name, schema=fields)
        staged.expires = self._clock() + STAGED_FOR
        job = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
            schema=fields,
        )
        try:
            with bigquery_errors():
                self._client.create_table(staged, timeout=CALL)
                with rows.path.open("rb") as file:
                    self._client.load_table_from_file(
                        file, name, job_config=job, timeout=CALL * 10, location=self._location
                    ).result(timeout=JOB)
            yield name
        finally:
            with suppress(Exception):  # it expires by itself; what went wrong before is what matters
                self._client.delete_table(name, not_found_ok=True, timeout=CALL)

    def _run(self, statement: str, **values: Any) -> list[Any]:
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(query_parameters=_bind(values), maximum_bytes_billed=self._max_bytes)
        with bigquery_errors():
            job = self._client.query(statement, job_config=config, timeout=CALL, location=self._location)
            return list(job.result(timeout=JOB))

    def _estimate(self, name: str, table: MartTable, **values: Any) -> int:
        from google.api_core.exceptions import NotFound
        from google.cloud import bigquery

        config = bigquery.QueryJobConfig(query_parameters=_bind(values), dry_run=True, use_query_cache=False)
        statement = for_bigquery(name, table, table=self._name(table))
        with bigquery_errors():
            try:
                job = self._client.query(statement, job_config=config, timeout=CALL, location=self._location)
            except NotFound:
                return 0  # the first export creates it
        return int(job.total_bytes_processed or 0)


def _bind(values: dict[str, Any]) -> list[Any]:
    from google.cloud import bigquery

    return [
        bigquery.ArrayQueryParameter(name, "INT64", value)
        if isinstance(value, list)
        else bigquery.ScalarQueryParameter(name, "TIMESTAMP", value)
        for name, value in values.items()
    ]
