from collections.abc import Callable

import pytest

from leadops.db import Connection, connect
from leadops.errors import PermanentError, TransientError
from leadops.migrations.migration_files import AppliedMigration, MigrationFile, read_migrations
from leadops.migrations.rights import Part
from leadops.schema_version import PATIENCE, PAUSE, compare_versions, find_mismatch, wait_for_version
from tests.roles import as_role

FIRST, SECOND = MigrationFile("0001_a.sql", "select 1;"), MigrationFile("0002_b.sql", "select 2;")
GONE = AppliedMigration("0003_c.sql", "x", "0002_b.sql")


def apply(*files: MigrationFile) -> list[AppliedMigration]:
    return [AppliedMigration(file.name, file.sha256, file.needs) for file in files]


def test_the_same_version_and_one_that_only_added_something_fit() -> None:
    assert compare_versions(apply(FIRST), [FIRST]) is None
    assert compare_versions(apply(FIRST, SECOND), [FIRST]) is None
    assert compare_versions([*apply(FIRST, SECOND), GONE], [FIRST, SECOND]) is None


def test_a_database_that_lacks_something_is_older() -> None:
    for applied in ([], apply(FIRST)):
        mismatch = compare_versions(applied, [FIRST, SECOND])
        assert mismatch
        assert mismatch.is_older
    assert mismatch.text == "the database lacks 0002_b.sql; run `leadops migrate`"


def test_what_took_away_what_a_version_needs_makes_the_database_too_new_for_it() -> None:
    mismatch = compare_versions([*apply(FIRST, SECOND), GONE], [FIRST])
    assert mismatch
    assert not mismatch.is_older
    assert "0003_c.sql, which only versions with 0002_b.sql can work with" in mismatch.text


def test_another_text_is_a_development_version() -> None:
    mismatch = compare_versions([AppliedMigration(FIRST.name, "x", None)], [FIRST])
    assert mismatch
    assert not mismatch.is_older


def test_the_first_lines_say_what_a_migration_needs() -> None:
    file = MigrationFile("0004_d.sql", "-- needs: 0003_c.sql\n-- outside a transaction\nselect 1;\nselect 2;")
    assert (file.needs, file.is_outside, SECOND.needs, SECOND.is_outside) == ("0003_c.sql", True, None, False)
    assert [part.splitlines()[-1] for part in file.split()] == ["select 1", "select 2"]


def test_the_gateway_and_the_tasks_may_look(database_url: str) -> None:
    for part in (Part.GATEWAY, Part.TASKS):
        with connect(as_role(database_url, part)) as connection:
            assert find_mismatch(connection) is None


@pytest.fixture
def open_database(database_url: str) -> Callable[[], Connection]:
    return lambda: connect(database_url)


def test_a_task_waits_for_the_migrations(
    connection: Connection, open_database: Callable[[], Connection]
) -> None:
    last = read_migrations()[-1]
    connection.execute("delete from leadops.migrations where name = %s", [last.name])
    connection.commit()
    waited = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            insert = "insert into leadops.migrations (name, sha256) values (%s, %s)"
            connection.execute(insert, [last.name, last.sha256])
            connection.commit()

    wait_for_version(open_database, sleep=sleep)
    assert waited == [PAUSE] * 3


def test_it_does_not_wait_without_end_nor_for_what_never_comes(
    connection: Connection, open_database: Callable[[], Connection]
) -> None:
    waited: list[float] = []
    connection.execute("delete from leadops.migrations where name = %s", [read_migrations()[-1].name])
    connection.commit()
    with pytest.raises(TransientError, match="run `leadops migrate`"):
        wait_for_version(open_database, sleep=waited.append)
    assert sum(waited) == PATIENCE
    connection.execute(
        "insert into leadops.migrations (name, sha256, needs) values ('0902_x.sql', 'x', '0901_x.sql')"
    )
    connection.commit()
    with pytest.raises(PermanentError, match="too new"):
        wait_for_version(open_database, sleep=waited.append)
