import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.migration_files import read_migrations
from leadops.migrations.run import migrate


def test_a_second_migration_changes_nothing(connection: Connection) -> None:
    assert migrate(connection) == []


def test_only_numbered_files_are_migrations() -> None:
    names = [file.name for file in read_migrations()]
    assert names[0] == "0001_events.sql"
    assert "run.sql" not in names


def test_a_database_of_a_development_version_is_refused(connection: Connection) -> None:
    connection.execute("insert into leadops.migrations (name, sha256) values ('0028_tellings.sql', '')")
    with pytest.raises(PermanentError, match=r"different 0028_tellings\.sql: .* Create a new database"):
        migrate(connection)


def test_a_migration_that_was_applied_with_another_text_is_refused(connection: Connection) -> None:
    connection.execute("update leadops.migrations set sha256 = 'x' where name = '0002_identity.sql'")
    with pytest.raises(PermanentError, match=r"different 0002_identity\.sql"):
        migrate(connection)
