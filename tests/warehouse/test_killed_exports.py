"""kill -9 at every step of a real export, one process after the other."""

import subprocess
import sys
from pathlib import Path

from leadops.db import Connection
from leadops.warehouse.partition_differences import list_differences
from leadops.warehouse.run_warehouses import compare_warehouses
from tests.warehouse.story import add_lead, add_points, clock, folder_place

PROJECT = Path(__file__).parents[2]


def test_a_kill_at_every_step_loses_nothing_and_doubles_nothing(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    add_points(connection, add_lead(connection), 30)
    folder = tmp_path / "marts"
    program = [sys.executable, "-m", "tests.warehouse.killed_exports", database_url, str(folder)]
    ended = subprocess.run(program, cwd=PROJECT, check=True, capture_output=True, text=True, timeout=600)
    assert int(ended.stdout) > 20
    place = folder_place(folder)
    assert place.rows("ledger") == place.expected(connection, "ledger")
    assert compare_warehouses(connection, [place.warehouse], clock=clock) == 0
    assert list_differences(connection) == []
