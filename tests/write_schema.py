"""`make schema`: write schema.sql, the table of ARCHITECTURE.md, rights.yaml and docs/marts.md again."""

import secrets
import shutil
import tempfile
from pathlib import Path

import leadops
from leadops.db import connect
from leadops.marts.describe_marts import describe_marts
from leadops.marts.mart_contract import read_contract
from leadops.migrations.describe import describe_schema
from leadops.migrations.run import migrate
from leadops_stack.postgres import PostgresServer

from .conftest import free_port
from .database_rights import write_rights
from .table_walls import PROJECT, write_table

SCHEMA = Path(leadops.__file__).parent / "schema.sql"


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="leadops-schema-"))
    root.chmod(0o755)
    server = PostgresServer(root / "pg", port=free_port(), password=secrets.token_hex(8))
    server.start(options="-c fsync=off")
    try:
        with connect(server.url()) as connection:
            migrate(connection)
            SCHEMA.write_text(describe_schema(connection), encoding="utf-8")
    finally:
        server.stop()
        shutil.rmtree(root, ignore_errors=True)
    write_table()
    write_rights()
    (PROJECT / "docs" / "marts.md").write_text(describe_marts(read_contract()), encoding="utf-8")


if __name__ == "__main__":
    main()
