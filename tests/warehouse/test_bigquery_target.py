"""What BigQuery answers on a bad day, and what somebody does to its tables."""

import secrets

import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses
from leadops.warehouse.warehouse_target import QuotaUsedError
from tests.warehouse.emulator import open_client
from tests.warehouse.faulty_proxy import run_proxy
from tests.warehouse.story import Place, add_lead, add_points, bigquery_place, clock, publish, table_of


def export(connection: Connection, place: Place, *, mart: str | None = "ledger") -> None:
    publish(connection)
    export_warehouses(connection, [place.warehouse], piece_rows=4, clock=clock, mart=mart)


@pytest.fixture
def dataset() -> str:
    return f"d_{secrets.token_hex(4)}"


def test_a_quota_used_up_in_the_middle_keeps_what_was_sent(
    connection: Connection, emulator: str, dataset: str
) -> None:
    add_points(connection, add_lead(connection), 10)
    merges: list[bytes] = []

    def refuse(method: str, path: str, body: bytes) -> tuple[int, str] | None:
        if b"merge `" in body:
            merges.append(body)
        return (403, "quotaExceeded") if b"merge `" in body and len(merges) == 2 else None

    with run_proxy(emulator, refuse) as url:
        place = bigquery_place(open_client(url), dataset)
        with pytest.raises(QuotaUsedError, match="quota is used up"):
            export(connection, place)
        assert len(place.rows("ledger")) == 4
        export(connection, place)
    assert place.rows("ledger") == place.expected(connection, "ledger")
    assert len(merges) == 4, "the first piece was not sent twice"


@pytest.mark.parametrize(
    ("status", "reason", "message"),
    [(403, "accessDenied", "roles BigQuery Data Editor"), (400, "invalidQuery", "400: invalidQuery")],
)
def test_a_refusal_says_what_to_change_without_googles_words(
    connection: Connection, emulator: str, dataset: str, status: int, reason: str, message: str
) -> None:
    def refuse(method: str, path: str, body: bytes) -> tuple[int, str] | None:
        return (status, reason) if b"merge `" in body else None

    add_points(connection, add_lead(connection), 1)
    with run_proxy(emulator, refuse) as url, pytest.raises(PermanentError, match=message):
        export(connection, bigquery_place(open_client(url), dataset))


def test_a_column_that_is_new_comes_with_its_values_in_older_rows(
    connection: Connection, emulator: str, dataset: str
) -> None:
    """As after an upgrade whose contract has another column: here the table lacks one that it should have."""
    add_points(connection, add_lead(connection), 6)
    client = open_client(emulator)
    place = bigquery_place(client, dataset)
    export(connection, place)
    name = f"{client.project}.{dataset}.ledger"
    client.query(f"alter table `{name}` drop column reason").result()
    table = client.get_table(name)
    table.schema = [field for field in table.schema if field.name != "reason"]
    client.delete_table(name)
    client.create_table(table)
    connection.execute(
        "update warehouse.exports set columns = array_remove(columns, 'reason') where mart = 'ledger'"
    )
    connection.commit()
    export(connection, place)
    assert place.rows("ledger") == place.expected(connection, "ledger")


def test_a_column_of_another_type_is_named(connection: Connection, emulator: str, dataset: str) -> None:
    add_points(connection, add_lead(connection), 1)
    client = open_client(emulator)
    place = bigquery_place(client, dataset)
    export(connection, place)
    name = f"{client.project}.{dataset}.ledger"
    table = client.get_table(name)
    client.delete_table(name)
    table.schema = [
        type(field)(field.name, "STRING" if field.name == "points" else field.field_type)
        for field in table.schema
    ]
    client.create_table(table)
    with pytest.raises(PermanentError, match=r"ledger\.points is STRING, not INT64: somebody changed"):
        export(connection, place)


def test_the_table_is_partitioned_and_clustered_as_the_page_says(
    connection: Connection, emulator: str, dataset: str
) -> None:
    add_lead(connection)
    client = open_client(emulator)
    place = bigquery_place(client, dataset)
    export(connection, place, mart=None)
    table = client.get_table(f"{client.project}.{dataset}.{table_of('transitions').relation}")
    assert (table.time_partitioning.type_, table.time_partitioning.field) == ("MONTH", "happened_at")
    assert table.clustering_fields == ["lead_id", "cycle", "stage"]
    left = [each.table_id for each in client.list_tables(dataset) if "staged" in each.table_id]
    assert left == [], "what was staged is gone"
    assert {each.table_id for each in client.list_tables(dataset)} >= {"lead_versions", "leads", "ledger"}
    assert "addresses" not in {each.table_id for each in client.list_tables(dataset)}


def test_the_view_shows_what_the_mart_shows(connection: Connection, emulator: str, dataset: str) -> None:
    first, second = add_lead(connection), add_lead(connection, campaign=None)
    client = open_client(emulator)
    place = bigquery_place(client, dataset)
    export(connection, place, mart=None)
    connection.execute("update identity.leads set campaign = 'winter' where lead_id = %s", [second])
    connection.commit()
    export(connection, place, mart=None)
    columns = ", ".join(column.name for column in table_of("leads").mart.columns)
    shown = client.query(
        f"select {columns} from `{client.project}.{dataset}.leads` order by lead_id"
    ).result()
    ours = connection.execute(f"select {columns} from mart.leads order by lead_id".encode()).fetchall()
    connection.rollback()
    assert [tuple(row.values()) for row in shown] == ours
    assert [row[0] for row in ours] == [first, second]
    assert compare_warehouses(connection, [place.warehouse], clock=clock) == 0
