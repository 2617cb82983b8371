"""The example project of dbt, with the contract as its sources: over PostgreSQL and over the emulator."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from leadops.db import Connection
from leadops.marts.mart_contract import CONTRACT_FILE
from leadops.warehouse.run_warehouses import compare_warehouses, export_warehouses
from tests.warehouse.emulator import PROJECT, PYTHON, open_client
from tests.warehouse.story import add_lead, add_points, bigquery_place, clock, publish

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "dbt"
#: As the page says: the dataset has the name of the schema, so that the same sources serve both.
DATASET = "mart"
PERSONAL = ("source:leadops.addresses", "source:leadops.traits")


@pytest.fixture
def project(tmp_path: Path, connection: Connection, database_url: str, emulator: str) -> Iterator[Path]:
    """The example with the contract as its sources, and profiles of the database and the emulator."""
    folder = tmp_path / "dbt"
    shutil.copytree(EXAMPLE, folder)
    shutil.copy(CONTRACT_FILE, folder / "models" / "sources.yml")
    profiles = yaml.safe_load((folder / "profiles.yml").read_text(encoding="utf-8"))
    outputs = profiles["leadops"]["outputs"]
    address = urlsplit(database_url)
    outputs["postgres"] |= {
        "host": address.hostname,
        "port": address.port,
        "user": address.username,
        "password": address.password,
        "dbname": address.path.strip("/"),
    }
    outputs["bigquery"] |= {
        "method": "oauth-secrets",
        "token": "anonymous",
        "project": PROJECT,
        "api_endpoint": emulator,
    }
    (folder / "profiles.yml").write_text(yaml.safe_dump(profiles), encoding="utf-8")
    add_points(connection, add_lead(connection), 6)
    publish(connection)
    warehouse = bigquery_place(open_client(emulator), DATASET).warehouse
    export_warehouses(connection, [warehouse], piece_rows=1000, clock=clock)
    compare_warehouses(connection, [warehouse], clock=clock)
    yield folder
    open_client(emulator).delete_dataset(DATASET, delete_contents=True)


def run_dbt(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [PYTHON.with_name("dbt"), *arguments, "--project-dir", folder, "--profiles-dir", folder],
        capture_output=True,
        text=True,
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("target", ["postgres", "bigquery"])
def test_the_example_is_parsed_built_and_tested(project: Path, target: str) -> None:
    run_dbt(project, "parse", "--target", target)
    run_dbt(project, "run", "--target", target)
    apart = [] if target == "postgres" else ["--exclude", *PERSONAL]
    tested = run_dbt(project, "test", "--target", target, *apart)
    assert "ERROR=0" in tested
    assert "PASS=0" not in tested
