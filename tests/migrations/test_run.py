from leadops.db import Connection
from leadops.migrations.run import migrate


def test_a_second_migration_changes_nothing(connection: Connection) -> None:
    assert migrate(connection) == []
