"""Brings a database to this version's tables: each .sql file once, in order of name."""

import hashlib
from importlib.resources import files

from leadops.db import Connection
from leadops.errors import PermanentError

#: Any constant: two migrations at once wait for each other on it.
MIGRATION_LOCK = 7_302_001


def migrate(connection: Connection) -> list[str]:
    """Apply the migrations that `connection`'s database lacks, in one transaction; return their names.

    Raises PermanentError when a file that was applied has changed since, or the server is older than 15.
    """
    if connection.info.server_version < 150_000:
        raise PermanentError("leadops needs PostgreSQL 15 or later")
    scripts = sorted(
        (file.name, file.read_text(encoding="utf-8"))
        for file in files("leadops.migrations").iterdir()
        if file.name.endswith(".sql")
    )
    applied: list[str] = []
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        connection.execute("create schema if not exists leadops")
        connection.execute(
            "create table if not exists leadops.migrations"
            " (name text primary key, sha256 text not null, applied_at timestamptz not null default now())"
        )
        rows = connection.execute("select name, sha256 from leadops.migrations").fetchall()
        done = {str(name): str(digest) for name, digest in rows}
        for name, script in scripts:
            digest = hashlib.sha256(script.encode()).hexdigest()
            if name in done:
                if done[name] != digest:
                    raise PermanentError(
                        f"migration {name} was applied with another text; add a new file instead"
                    )
                continue
            connection.execute(script.encode())
            connection.execute(
                "insert into leadops.migrations (name, sha256) values (%s, %s)", [name, digest]
            )
            applied.append(name)
    return applied
