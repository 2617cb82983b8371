"""Whether the database went back: what the file remembers, against what the database has."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadops.db import Connection, connect
from leadops.delivery.database_mark import (
    DatabaseMark,
    MarkVerdict,
    StoredMark,
    end_hold,
    find_hold,
    hold_by_hand,
    judge_mark,
    open_mark,
)
from leadops.mark_file import MarkFile, RememberedMark

NOW = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def mark(tmp_path: Path) -> DatabaseMark:
    return DatabaseMark(MarkFile(tmp_path))


@pytest.mark.parametrize(
    ("remembered", "stored", "verdict"),
    [
        (None, StoredMark("", True, None), MarkVerdict.NEW),
        (RememberedMark("h", "", 5), StoredMark("", True, 5), MarkVerdict.CURRENT),
        # killed between the commit and the file
        (RememberedMark("h", "", 5), StoredMark("", True, 6), MarkVerdict.CURRENT),
        (RememberedMark("h", "", 5), StoredMark("", True, 4), MarkVerdict.BEHIND),
        # a dump from before this machine sent its first call
        (RememberedMark("h", "", 1), StoredMark("", True, None), MarkVerdict.BEHIND),
        # `leadops restored` accepted what another machine remembers
        (RememberedMark("h", "", 9), StoredMark("e1", True, 4), MarkVerdict.NEW),
        (RememberedMark("h", "e1", 9), StoredMark("e2", True, None), MarkVerdict.NEW),
        # restored once more, from before that acceptance
        (RememberedMark("h", "e1", 1), StoredMark("", False, 99), MarkVerdict.BEHIND),
    ],
)
def test_verdicts(remembered: RememberedMark | None, stored: StoredMark, verdict: MarkVerdict) -> None:
    assert judge_mark(remembered, stored) is verdict


def set_mark(connection: Connection, mark: int) -> None:
    connection.execute("update delivery.marks set mark = %s", [mark])
    connection.commit()


def test_a_database_that_goes_on_is_never_held(connection: Connection, mark: DatabaseMark) -> None:
    assert mark.check(connection, now=NOW) is None
    assert all(mark.advance(connection, now=NOW) for _ in range(3))
    assert mark.check(connection, now=NOW) is None
    (count,) = connection.execute("select count(*) from delivery.marks where mark = 3").fetchone() or (0,)
    assert count == 1


@pytest.mark.parametrize("number", [0, 2])
def test_a_database_without_the_last_mark_is_held_once(
    connection: Connection, mark: DatabaseMark, number: int
) -> None:
    for _ in range(3):
        mark.advance(connection, now=NOW)
    set_mark(connection, number)
    hold = mark.check(connection, now=NOW)
    assert hold is not None
    assert (hold.reason, hold.held_at, hold.facts) == ("mark", NOW, {"remembered": 3, "found": number})
    assert mark.check(connection, now=NOW + timedelta(hours=1)) == hold
    assert not mark.advance(connection, now=NOW)
    assert connection.execute("select mark from delivery.marks").fetchall() == [(number,)]


def test_a_call_is_stopped_though_nobody_looked_before(connection: Connection, mark: DatabaseMark) -> None:
    mark.advance(connection, now=NOW)
    set_mark(connection, 0)
    assert not mark.advance(connection, now=NOW)
    assert find_hold(connection) is not None


def test_every_machine_accepts_the_database_after_the_hold(connection: Connection, tmp_path: Path) -> None:
    first, second = (DatabaseMark(MarkFile(tmp_path / name)) for name in "ab")
    for machine in (first, first, second):
        machine.advance(connection, now=NOW)
    set_mark(connection, 0)
    hold = first.check(connection, now=NOW)
    assert hold is not None
    end_hold(connection, hold, now=NOW)
    connection.commit()
    for machine in (first, second):
        assert machine.check(connection, now=NOW) is None
        assert machine.advance(connection, now=NOW)
    # Restored once more, from before the acceptance.
    connection.execute("delete from delivery.holds")
    connection.execute("update delivery.marks set mark = 99")
    connection.commit()
    assert second.check(connection, now=NOW) is not None


def test_one_machine_that_sends_less_notices_too(connection: Connection, tmp_path: Path) -> None:
    """The other machine has passed the lost mark meanwhile: each file has a number of its own."""
    busy, quiet = (DatabaseMark(MarkFile(tmp_path / name)) for name in "ab")
    quiet.advance(connection, now=NOW)
    connection.execute("delete from delivery.marks")  # the backup is from before
    connection.commit()
    for _ in range(5):
        assert busy.advance(connection, now=NOW)
    assert not quiet.advance(connection, now=NOW)


def test_another_installation_has_a_mark_of_its_own(connection: Connection, mark: DatabaseMark) -> None:
    mark.advance(connection, now=NOW)
    connection.execute("delete from delivery.marks")
    connection.execute("update delivery.installation set installation_id = 'another'")
    connection.commit()
    assert mark.check(connection, now=NOW) is None
    assert mark.advance(connection, now=NOW)


def test_many_workers_share_one_file(database_url: str, connection: Connection, mark: DatabaseMark) -> None:
    def work(_: int) -> bool:
        with connect(database_url) as own:
            return mark.check(own, now=NOW) is None and all(mark.advance(own, now=NOW) for _ in range(10))

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(work, range(6)))
    with connection.transaction():
        remembered = mark.file.read(
            str(connection.execute("select installation_id from delivery.installation").fetchone()[0])  # type: ignore[index]
        )
        highest = connection.execute(
            "select mark from delivery.marks where holder = %s", [remembered.holder if remembered else ""]
        ).fetchone()
    assert remembered is not None
    assert highest == (remembered.mark,)
    assert remembered.mark >= 60 - 6, "each of the six may have begun under a holder of its own"


def test_a_hold_by_hand_is_one_hold(connection: Connection, mark: DatabaseMark) -> None:
    with connection.transaction():
        first, again = hold_by_hand(connection, now=NOW), hold_by_hand(connection, now=NOW)
    assert first == again
    assert not mark.advance(connection, now=NOW)


def test_without_a_folder_nothing_is_remembered() -> None:
    assert open_mark(None) is None


def test_since_when_the_file_shows_that_the_database_went_on(
    connection: Connection, mark: DatabaseMark
) -> None:
    assert mark.find_start(connection) is None
    mark.advance(connection, now=NOW)
    mark.advance(connection, now=NOW + timedelta(minutes=1))
    assert mark.find_start(connection) == NOW
    set_mark(connection, 1)
    assert mark.find_start(connection) is None
