"""Brings a database to this version's tables: each numbered .sql file once, in order of name."""

import logging
import time
from collections.abc import Callable, Sequence

import psycopg

from leadops.db import Connection
from leadops.errors import PermanentError, TransientError
from leadops.locks import Lock, holding_lock
from leadops.migrations.migration_files import AppliedMigration, MigrationFile, read_migrations
from leadops.migrations.roles import grant_rights
from leadops.queries import Queries

queries = Queries(__file__)
log = logging.getLogger(__name__)

#: While others work with the database, a migration waits this long for a lock, for all others wait behind it;
#: and each of its statements may take this long. The gateway answers within 13 s.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "1s", "5s"
#: Seconds between two attempts to get the locks, and until none is made any more.
PAUSE, PATIENCE = 2.0, 900.0


def migrate(
    connection: Connection,
    *,
    is_offline: bool = False,
    sleep: Callable[[float], None] = time.sleep,
    say: Callable[[str], None] = log.info,
) -> list[str]:
    """Apply the migrations that `connection`'s database lacks, each in a transaction; return their names.

    A new database gets all of them in one. Otherwise others may work with it meanwhile: a migration that does
    not get its locks at once lets them go on, and tries again; `say` gets a line about it. With `is_offline`
    nobody does, and locks and statements may take as long as `db` allows. The roles on record get their
    rights on what is new, and keep those of the former version unless `is_offline`.

    Raises PermanentError when the server is older than 15, when the database has a migration that this
    version does not have or has with another text, or when a statement takes too long; TransientError when a
    migration did not get its locks. What was applied before stays.
    """
    if connection.info.server_version < 150_000:
        raise PermanentError("leadops needs PostgreSQL 15 or later")
    with holding_lock(connection, Lock.MIGRATION):
        with connection.transaction():
            queries.run(connection, "create_schema")
            queries.run(connection, "create_migrations")
            queries.run(connection, "create_roles")
            queries.run(connection, "create_rights")
            applied = queries.all(connection, "list_applied", AppliedMigration)
        known = read_migrations()
        _refuse_foreign(applied, known)
        names = {migration.name for migration in applied}
        missing = [file for file in known if file.name not in names]
        with connection.transaction():
            if not applied:
                for file in missing:
                    _apply(connection, file)
            grant_rights(connection, is_former_gone=is_offline)
        if applied:
            for file in missing:
                _apply_beside_others(connection, file, is_offline=is_offline, sleep=sleep, say=say)
    return [file.name for file in missing]


def _apply(connection: Connection, file: MigrationFile) -> None:
    connection.execute(file.text_alone.encode())
    _record(connection, file)


def _record(connection: Connection, file: MigrationFile) -> None:
    queries.run(connection, "record_migration", name=file.name, sha256=file.sha256, needs=file.needs)


def _apply_beside_others(
    connection: Connection,
    file: MigrationFile,
    *,
    is_offline: bool,
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> None:
    waited = 0.0
    while True:
        try:
            if file.is_outside:
                _apply_outside(connection, file)
            with connection.transaction():
                if not is_offline:
                    queries.run(connection, "limit", locks=LOCK_TIMEOUT, statements=STATEMENT_TIMEOUT)
                if not file.is_outside:
                    connection.execute(file.text.encode())
                _record(connection, file)
                grant_rights(connection)
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            if waited >= PATIENCE:
                raise TransientError(
                    f"{file.name} did not get its locks in {PATIENCE / 60:g} minutes; nothing of it was done."
                    " Run `leadops migrate` again when long queries are over, or with --offline while"
                    " gateway and DAGs are stopped"
                ) from None
        except psycopg.errors.QueryCanceled:
            raise PermanentError(
                f"a statement of {file.name} took more than {STATEMENT_TIMEOUT}; nothing of it was done. Stop"
                " gateway and DAGs, and run `leadops migrate --offline`"
            ) from None
        else:
            return
        say(f"{file.name} waits: others use its tables; they go on, and it tries again")
        sleep(PAUSE)
        waited += PAUSE


def _apply_outside(connection: Connection, file: MigrationFile) -> None:
    """Run its statements one by one, without limits: what may run so keeps nobody waiting."""
    connection.autocommit = True
    try:
        queries.run(connection, "lift_limits")
        for statement in file.split():
            connection.execute(statement.encode())
        queries.run(connection, "reset_limits")
    finally:
        connection.autocommit = False


def _refuse_foreign(applied: Sequence[AppliedMigration], known: Sequence[MigrationFile]) -> None:
    hashes = {file.name: file.sha256 for file in known}
    for migration in applied:
        if hashes.get(migration.name) != migration.sha256:
            raise PermanentError(
                f"the database has a different {migration.name}: a development version or a newer version of"
                " leadops created it. Create a new database and run `leadops migrate` on it, or use the"
                " version that created it"
            )
