"""Whether a part of leadops and its database fit together, while another version takes over."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from leadops.db import AsyncConnection, Connection
from leadops.errors import PermanentError, TransientError
from leadops.migrations.migration_files import AppliedMigration, MigrationFile, read_migrations
from leadops.queries import Queries

queries = Queries(__file__)

#: Seconds for which a task waits for the migrations, and between two looks.
PATIENCE, PAUSE = 300.0, 5.0


@dataclass(frozen=True)
class VersionMismatch:
    """Why a part cannot work with the database, and what to do; waiting helps where it `is_older`."""

    text: str
    is_older: bool


def compare_versions(
    applied: Sequence[AppliedMigration], known: Sequence[MigrationFile]
) -> VersionMismatch | None:
    """Return why a version with the migrations `known` cannot work with a database that has those `applied`.

    It can with a newer one, unless a migration took away what it needs.
    """
    texts = {file.name: file.sha256 for file in known}
    for migration in applied:
        if texts.get(migration.name, migration.sha256) != migration.sha256:
            return VersionMismatch(
                f"the database has a different {migration.name}; use the version that created it", False
            )
        if migration.needs and migration.needs not in texts:
            return VersionMismatch(
                f"the database is too new for this part: it has {migration.name}, which only versions with"
                f" {migration.needs} can work with; upgrade this part",
                False,
            )
    names = {migration.name for migration in applied}
    lacking = [file.name for file in known if file.name not in names]
    if lacking:
        return VersionMismatch(f"the database lacks {lacking[0]}; run `leadops migrate`", True)
    return None


def find_mismatch(connection: Connection) -> VersionMismatch | None:
    """Return why this version cannot work with the database, None if it can."""
    return compare_versions(queries.all(connection, "list_applied", AppliedMigration), read_migrations())


async def find_mismatch_async(connection: AsyncConnection) -> VersionMismatch | None:
    """Return why this version cannot work with the database, None if it can."""
    applied = await queries.all_async(connection, "list_applied", AppliedMigration)
    return compare_versions(applied, read_migrations())


def wait_for_version(
    open_database: Callable[[], AbstractContextManager[Connection]], *, sleep: Callable[[float], None]
) -> None:
    """Return once this version can work with the database.

    Raises TransientError when it is still older after five minutes, PermanentError when it is too new.
    """
    waited = 0.0
    while True:
        with open_database() as connection:
            mismatch = find_mismatch(connection)
        if mismatch is None:
            return
        if not mismatch.is_older:
            raise PermanentError(mismatch.text)
        if waited >= PATIENCE:
            raise TransientError(mismatch.text)
        sleep(PAUSE)
        waited += PAUSE
