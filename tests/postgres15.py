"""`make test-postgres15`: tests on the oldest PostgreSQL that is supported, where the machine has one.

Migrations, the bodies of the functions of each stage, and every statement have to work there. Arguments are
those of pytest. `--write` writes instead what came after it, for the test that needs no such server.
"""

import os
import sys
from pathlib import Path

import psycopg
import pytest

from leadops_stack.postgres import PostgresServer

from .cluster import RUNNING, own_cluster
from .postgres_features import list_features, write_features

#: Its programs; Debian 12 has them as the package postgresql-15.
PROGRAMS = Path(os.environ.get("LEADOPS_POSTGRES15", "/usr/lib/postgresql/15/bin"))
#: What runs by default: all statements, and the tests of the stages that work in the database.
TESTS = (
    *("test_queries.py", "migrations", "identity", "events", "intake", "consent", "machines", "scoring"),
    *("delivery", "crm", "lifecycle", "routing", "sla", "funnel", "attribution", "economics", "training"),
    *("thresholds", "nurture", "changes", "erased", "housekeeping", "incidents", "metrics", "reports"),
)


#: It restores dumps with the programs of the embedded PostgreSQL, which an older server does not understand.
LEFT_OUT = "delivery/test_database_went_back.py"


class OldServer(PostgresServer):
    """A cluster of the PostgreSQL in PROGRAMS."""

    def _program(self, name: str) -> Path:
        return PROGRAMS / name


def main(arguments: list[str]) -> int:
    """Run the tests; return pytest's exit code. Exits with 1 where there is no PostgreSQL 15."""
    if not (PROGRAMS / "postgres").exists():
        sys.exit(
            f"NOT RUN: no PostgreSQL 15 in {PROGRAMS}. Debian 12 has it as the package postgresql-15;"
            " elsewhere set LEADOPS_POSTGRES15 to the folder with its programs."
        )
    with own_cluster(OldServer, options="") as server:
        with psycopg.connect(server.url()) as connection:
            assert 150_000 <= connection.info.server_version < 160_000, connection.info.server_version
            if arguments == ["--write"]:
                with own_cluster() as new, psycopg.connect(new.url()) as other:
                    write_features(list_features(other) - list_features(connection))
                return 0
        os.environ[RUNNING] = f"{server.port}:{server.password}"
        folder = Path(__file__).parent
        tests = [str(folder / name) for name in TESTS]
        return pytest.main(arguments or ["-n", "2", "-q", f"--ignore={folder / LEFT_OUT}", *tests])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
