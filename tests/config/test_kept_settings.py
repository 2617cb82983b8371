"""What nobody uses any more is forgotten; what may be needed stays."""

from datetime import UTC, datetime, timedelta

from leadops.config.kept_settings import adopt_settings, list_kept, was_in_force
from leadops.db import Connection

START = datetime(2026, 7, 30, 17, tzinfo=UTC)


def adopt(
    connection: Connection,
    hash: str,
    *,
    reader: str = "a tasks",
    section: str = "events",
    days: float = 0,
    is_change: bool = False,
) -> None:
    adopt_settings(
        connection,
        reader=reader,
        section=section,
        file="/etc/leadops/events.yaml",
        hash=hash,
        settings="{max_depth: 9}\n",
        line_hashes=["x"],
        ends_with_line_end=True,
        is_change=is_change,
        now=START + timedelta(days=days),
    )


def readers(connection: Connection) -> list[str]:
    rows = connection.execute("select distinct reader from config.readers order by reader")
    return [str(name) for (name,) in rows]


def test_a_machine_that_was_not_seen_for_eight_days_is_forgotten(connection: Connection) -> None:
    adopt(connection, "h1", reader="pod-1 tasks")
    adopt(connection, "h1", days=7.9)
    assert readers(connection) == ["a tasks", "pod-1 tasks"]
    adopt(connection, "h1", days=8.1)
    assert readers(connection) == ["a tasks"]


def test_settings_are_kept_while_they_are_in_force_or_the_last_ones(connection: Connection) -> None:
    adopt(connection, "old")
    adopt(connection, "in force elsewhere", reader="b tasks", days=1)
    adopt(connection, "the last one", section="sla", reader="gone tasks", days=2)
    adopt(connection, "new", days=3, is_change=True)
    for day in range(4, 420, 4):
        adopt(connection, "new", days=day)
        adopt(connection, "in force elsewhere", reader="b tasks", days=day)
    known = {
        hash: was_in_force(connection, section=section, hash=hash)
        for section, hash in [
            ("events", "old"),
            ("events", "in force elsewhere"),
            ("sla", "the last one"),
            ("events", "new"),
        ]
    }
    assert known == {"old": False, "in force elsewhere": True, "the last one": True, "new": True}


def test_a_reader_has_its_own_settings_and_others_the_newest(connection: Connection) -> None:
    adopt(connection, "one")
    adopt(connection, "two", reader="b tasks", days=1)
    in_force = {
        reader: list_kept(connection, reader=reader)["events"].hash
        for reader in ("a tasks", "b tasks", "c tasks")
    }
    assert in_force == {"a tasks": "one", "b tasks": "two", "c tasks": "two"}
    adopt(connection, "one", reader="b tasks", days=2, is_change=True)
    assert list_kept(connection, reader="c tasks")["events"].hash == "one"
