"""The bodies of export_marts and compare_warehouses, as the role of tasks, into a folder."""

from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.migrations.rights import Part
from leadops.orchestration.tasks import warehouse
from leadops.warehouse.warehouse_settings import WAREHOUSE_URL
from tests.roles import as_role
from tests.runs import make_run
from tests.warehouse.story import NOW, add_lead, add_points


@pytest.fixture(autouse=True)
def _use_database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))


def test_an_hour_and_a_night(connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(WAREHOUSE_URL, str(tmp_path))
    add_points(connection, add_lead(connection), 3)
    run = make_run("export", end=NOW, clock=lambda: NOW)
    assert warehouse.export(run) == {"published": 1, "sent": 4, "warehouses": 1}
    assert warehouse.export(run) == {"published": 0, "sent": 0, "warehouses": 1}
    assert warehouse.compare(run) == {"warehouses": 1, "differing": 0}
    assert {path.name for path in tmp_path.iterdir()} >= {"ledger", "lead_versions"}


def test_without_a_target_there_is_nothing_to_do(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WAREHOUSE_URL, raising=False)
    add_lead(connection)
    run = make_run("export", end=NOW, clock=lambda: NOW)
    assert warehouse.export(run) == {"published": 1, "sent": 0, "warehouses": 0}
    assert warehouse.compare(run) == {"warehouses": 0, "differing": 0}
