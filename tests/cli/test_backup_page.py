"""The commands of docs/backup.md, run as they stand there."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from leadops.db import connect
from leadops.delivery.database_mark import open_mark
from leadops_stack.postgres import PostgresServer

PAGE = Path(__file__).parents[2] / "docs" / "backup.md"
BLOCKS = re.compile(r"^ *```\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def find_lines(program: str) -> list[str]:
    """The lines of the page's blocks that begin with `program`."""
    lines = [line.strip() for block in BLOCKS.findall(PAGE.read_text()) for line in block.splitlines()]
    return [line for line in lines if line.startswith(f"{program} ")]


@pytest.fixture
def environment(postgres: PostgresServer, tmp_path: Path) -> dict[str, str]:
    """A shell in which PostgreSQL's programs and `leadops` are found."""
    folders = (Path(postgres.command()[0]).parent, Path(sys.executable).parent)
    path = os.pathsep.join([*map(str, folders), os.environ["PATH"]])
    return {
        "PATH": path,
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "SUPERUSER_URL": postgres.url(),
        "LEADOPS_MARK_FOLDER": str(tmp_path / "marks"),
    }


@pytest.fixture
def owner_urls(postgres: PostgresServer) -> Iterator[list[str]]:
    """Two databases of an owner that is no superuser: the original, and an empty one."""
    owner, password = f"owner_{secrets.token_hex(4)}", secrets.token_hex(8)
    names = [f"backup_{secrets.token_hex(4)}" for _ in range(2)]
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"create role {owner} login createrole password '{password}'")
        for name in names:
            admin.execute(f"create database {name} owner {owner}")
    try:
        yield [f"postgresql://{owner}:{password}@127.0.0.1:{postgres.port}/{name}" for name in names]
    finally:
        with psycopg.connect(postgres.url(), autocommit=True) as admin:
            for name in names:
                admin.execute(f"drop database {name} with (force)")
            admin.execute(f"drop role {owner}")


def run(line: str, folder: Path, environment: dict[str, str]) -> str:
    """Run one line in a shell, as the page says it."""
    done = subprocess.run(
        ["sh", "-c", line], check=False, capture_output=True, text=True, cwd=folder, env=environment
    )
    assert done.returncode == 0, f"{line}\n{done.stderr}"
    return done.stdout


def test_a_dump_is_restored_by_the_owner_and_held(
    environment: dict[str, str], owner_urls: list[str], tmp_path: Path
) -> None:
    first, second = (environment | {"LEADOPS_OWNER_DATABASE_URL": url} for url in owner_urls)
    mark = open_mark(tmp_path / "marks")
    assert mark is not None
    run("leadops migrate", tmp_path, first)
    with connect(owner_urls[0]) as connection:
        connection.execute("select setval(pg_get_serial_sequence('identity.leads', 'lead_id'), 41)")
        connection.commit()
        assert mark.advance(connection, now=datetime.now(UTC))
    (dump,), (restore,) = find_lines("pg_dump"), find_lines("pg_restore")
    run(dump, tmp_path, first)
    with connect(owner_urls[0]) as connection:
        assert mark.advance(connection, now=datetime.now(UTC))
    run(restore, tmp_path, second)
    assert run("leadops migrate", tmp_path, second).strip() == "nothing to do"
    with connect(owner_urls[1]) as connection:
        assert mark.check(connection, now=datetime.now(UTC)) is not None
        assert connection.execute("select nextval('identity.leads_lead_id_seq')").fetchone() == (42,)


def test_a_copy_of_the_cluster(environment: dict[str, str], tmp_path: Path) -> None:
    (copy,) = find_lines("pg_basebackup")
    run(copy, tmp_path, environment)
    assert (tmp_path / "copy" / "PG_VERSION").read_text().strip() == "18"
