"""Brings a database to this version's tables: each numbered .sql file once, in order of name."""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock
from leadops.migrations.roles import grant_rights
from leadops.queries import Queries

#: Other .sql files lie here too.
MIGRATION_NAME = re.compile(r"\d{4}_\w+\.sql")

queries = Queries(__file__)


@dataclass(frozen=True)
class Migration:
    """A migration that a database has: the name and the hash of its text."""

    name: str
    sha256: str


def read_migrations() -> list[tuple[str, str]]:
    """Return the name and the text of every migration of this version, in order."""
    return sorted(
        (file.name, file.read_text(encoding="utf-8"))
        for file in files("leadops.migrations").iterdir()
        if MIGRATION_NAME.fullmatch(file.name)
    )


def migrate(connection: Connection) -> list[str]:
    """Apply the migrations that `connection`'s database lacks, in one transaction; return their names.

    The roles on record get their rights on what is new.

    Raises PermanentError when the server is older than 15, or when the database has a migration that this
    version does not have or has with another text.
    """
    if connection.info.server_version < 150_000:
        raise PermanentError("leadops needs PostgreSQL 15 or later")
    scripts = read_migrations()
    hashes = {name: hashlib.sha256(script.encode()).hexdigest() for name, script in scripts}
    with connection.transaction():
        hold_lock(connection, Lock.MIGRATION)
        queries.run(connection, "create_schema")
        queries.run(connection, "create_migrations")
        queries.run(connection, "create_roles")
        applied = queries.all(connection, "list_applied", Migration)
        _refuse_foreign(applied, hashes)
        known = {migration.name for migration in applied}
        missing = [(name, script) for name, script in scripts if name not in known]
        for name, script in missing:
            connection.execute(script.encode())
            queries.run(connection, "record_migration", name=name, sha256=hashes[name])
        grant_rights(connection)
    return [name for name, _ in missing]


def _refuse_foreign(applied: list[Migration], hashes: dict[str, str]) -> None:
    for migration in applied:
        if hashes.get(migration.name) != migration.sha256:
            raise PermanentError(
                f"the database has a different {migration.name}: a development version or a newer version of"
                " leadops created it. Create a new database and run `leadops migrate` on it, or use the"
                " version that created it"
            )
