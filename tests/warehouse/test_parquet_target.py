"""What is particular to Parquet files: those of a former version, and those of others."""

from pathlib import Path

import pyarrow.parquet

from leadops.db import Connection
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses
from tests.warehouse.story import add_lead, add_points, clock, folder_place


def test_a_column_that_is_new_comes_with_its_values_in_older_files(
    connection: Connection, tmp_path: Path
) -> None:
    """As after an upgrade whose contract has another column: here the files lack one that is due."""
    add_points(connection, add_lead(connection), 6)
    place = folder_place(tmp_path)
    export_warehouses(connection, [place.warehouse], piece_rows=4, clock=clock, mart="ledger")
    for path in (tmp_path / "ledger").glob("*/*.parquet"):
        file = pyarrow.parquet.ParquetFile(path).read()
        pyarrow.parquet.write_table(file.drop_columns(["reason"]), path)
    connection.execute("update warehouse.exports set columns = array_remove(columns, 'reason')")
    connection.commit()
    export_warehouses(connection, [place.warehouse], piece_rows=4, clock=clock, mart="ledger")
    assert place.rows("ledger") == place.expected(connection, "ledger")
    assert compare_warehouses(connection, [place.warehouse], clock=clock, mart="ledger") == 0


def test_files_of_others_in_the_folder_are_left_alone(connection: Connection, tmp_path: Path) -> None:
    add_points(connection, add_lead(connection), 6)
    other = tmp_path / "ledger" / "happened_month=2026-05" / "notes.parquet"
    other.parent.mkdir(parents=True)
    other.write_bytes(b"not ours")
    place = folder_place(tmp_path)
    export_warehouses(connection, [place.warehouse], piece_rows=4, clock=clock, mart="ledger")
    assert compare_warehouses(connection, [place.warehouse], clock=clock, mart="ledger") == 0
    assert other.read_bytes() == b"not ours"
