"""`leadops warehouse`, as a person calls it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from leadops.cli import warehouse
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import Part
from leadops.warehouse.warehouse_settings import WAREHOUSE_URL
from tests.roles import as_role
from tests.warehouse.story import NOW, add_lead, add_points, folder_place, table_of


@pytest.fixture
def folder(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv(WAREHOUSE_URL, str(tmp_path / "marts"))
    monkeypatch.setattr(warehouse, "clock", lambda: NOW)
    return tmp_path / "marts"


def run(*words: str) -> Result:
    result = CliRunner().invoke(warehouse.app, list(words))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_what_waits_is_said_before_it_is_sent(connection: Connection, folder: Path) -> None:
    add_points(connection, add_lead(connection), 6)
    estimates = {each["mart"]: each for each in json.loads(run("export", "--dry-run", "--json").output)}
    assert estimates["ledger"]["rows"] == 6
    assert estimates["ledger"]["bytes_loaded"] > 6 * 50
    assert estimates["ledger"]["dollars"] == 0
    assert not (folder / "ledger").exists(), "nothing was sent"
    assert run("show").output == "nothing was exported yet\n" or "0" in run("show").output
    assert run("export").output == "folder: 7 rows sent\n"
    assert run("export").output == "folder: 0 rows sent\n"


def test_a_month_that_is_gone_is_found_and_repaired(connection: Connection, folder: Path) -> None:
    add_points(connection, add_lead(connection), 6)
    run("export")
    folder_place(folder).delete_month(table_of("ledger"), "2026-06")
    [found] = json.loads(run("compare", "--json").output)["differing"]
    assert (found["mart"], found["partition"], found["own_rows"], found["their_rows"]) == (
        "ledger",
        "2026-06",
        3,
        0,
    )
    assert run("repair", "--dry-run").output == "folder: ledger 2026-06 would be replaced\n"
    assert run("repair").output == "folder: ledger 2026-06 replaced\n"
    assert "nothing differs on record" in run("repair").output
    assert "What differs" not in run("compare").output


def test_an_unknown_warehouse_is_named(folder: Path) -> None:
    with pytest.raises(PermanentError, match="has no target cloud; it has folder"):
        run("export", "--target", "cloud")
