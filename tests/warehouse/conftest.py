"""Both kinds of warehouse: a folder that DuckDB reads, and BigQuery as the emulator has it."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.warehouse.emulator import open_client, run_emulator
from tests.warehouse.story import Place, bigquery_place, folder_place


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a BigQuery emulator."""
    with run_emulator(tmp_path_factory.mktemp("emulator") / "emulator.log") as url:
        yield url


@pytest.fixture(params=["folder", "bigquery"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A warehouse of either kind, empty."""
    if request.param == "folder":
        return folder_place(tmp_path / "marts")
    url = request.getfixturevalue("emulator")
    return bigquery_place(open_client(url), f"d_{secrets.token_hex(4)}")
