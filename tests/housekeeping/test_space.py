"""How full disks and the database are: samples once an hour."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from leadops.db import Connection
from leadops.housekeeping.space import SpaceReading, read_disks, sample_space

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
DISK = SpaceReading("/logs on here", 40, 60)


def sample(
    connection: Connection, disks: list[SpaceReading], *, now: datetime, database_limit: int | None = None
) -> int:
    return sample_space(connection, disks, database_limit=database_limit, short_share=0.1, now=now)


def samples(connection: Connection) -> list[tuple[str, datetime, int, int]]:
    return connection.execute(
        "select place, sampled_at, used_bytes, free_bytes from housekeeping.space_samples order by 2, 1"
    ).fetchall()


def test_a_place_is_sampled_once_an_hour(connection: Connection) -> None:
    for minutes, expected in ((0, 1), (1, 0), (59, 0), (60, 1), (61, 0)):
        now = NOW + timedelta(minutes=minutes)
        assert sample(connection, [DISK], now=now) == expected, minutes
    assert samples(connection) == [
        ("/logs on here", NOW, 40, 60),
        ("/logs on here", NOW + timedelta(hours=1), 40, 60),
    ]


def test_a_place_without_room_is_sampled_every_five_minutes_until_it_was_seen_to_have_some(
    connection: Connection,
) -> None:
    other = SpaceReading("/other on here", 90, 10)  # a tenth is enough
    for minutes, free, expected in (
        (0, 20, 2),
        (59, 10, 0),
        (59, 9, 1),  # it filled within the hour
        (63, 0, 1),  # the other one, by the hour
        (64, 0, 1),
        (68, 60, 0),
        (69, 60, 1),
        (74, 60, 0),
        (128, 60, 1),
        (129, 60, 1),
    ):
        disk = SpaceReading("/logs on here", 100 - free, free)
        now = NOW + timedelta(minutes=minutes)
        assert sample(connection, [disk, other], now=now) == expected, minutes


def test_the_database_is_sampled_where_it_has_a_limit(connection: Connection) -> None:
    assert sample(connection, [], database_limit=10**12, now=NOW) == 1
    [(place, _, used, free)] = samples(connection)
    assert place == "database"
    assert 10**6 < used < 10**9
    assert used + free == 10**12
    # One that is larger already has nothing left, rather than less than nothing.
    sample(connection, [], database_limit=1, now=NOW + timedelta(hours=1))
    assert samples(connection)[1][3] == 0


def test_samples_are_kept_for_thirty_days(connection: Connection) -> None:
    sample(connection, [DISK], now=NOW)
    sample(connection, [DISK], now=NOW + timedelta(days=30))
    assert len(samples(connection)) == 2
    sample(connection, [DISK], now=NOW + timedelta(days=30, hours=1))
    assert [at for _, at, _, _ in samples(connection)] == [
        NOW + timedelta(days=30),
        NOW + timedelta(days=30, hours=1),
    ]


def test_two_folders_of_one_disk_are_one_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    [reading] = read_disks([tmp_path / "a", tmp_path / "b", tmp_path / "missing"])
    assert reading.place.startswith(f"{tmp_path / 'a'} on ")
    assert reading.used_bytes > 0
    assert reading.free_bytes > 0
