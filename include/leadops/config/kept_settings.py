"""The settings that were in force, kept in the database, and which reader's file is refused."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.config.refused_file import RefusedFile
from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)

#: Readers that were not seen for this long are forgotten, and settings that nobody has used for that long.
READER_DAYS, SETTINGS_DAYS = timedelta(days=8), timedelta(days=400)

#: What `KeptSettings.settings` holds where the file has no settings of its own.
NO_SETTINGS = "{}"


@dataclass(frozen=True)
class KeptSettings:
    """What is on record about one section for a reader.

    The fields from `hash` to `adopted_at` are the settings that are in force for it: those of its own row,
    else those that any reader changed to last; None where there are none. `own_hash` and `refused_hash` are
    of its own row. Times are in UTC.
    """

    section: str
    file: str | None
    own_hash: str | None
    refused_hash: str | None
    seen_at: datetime | None
    hash: str | None
    settings: str | None
    line_hashes: list[str] | None
    ends_with_line_end: bool | None
    adopted_at: datetime | None

    @property
    def has_settings(self) -> bool:
        """Whether settings of a user's file are in force."""
        return self.settings is not None and self.settings.strip() != NO_SETTINGS


def list_kept(connection: Connection, *, reader: str) -> dict[str, KeptSettings]:
    """Return what is on record for `reader`, by section."""
    rows = queries.all(connection, "list_kept", KeptSettings, reader=reader)
    return {row.section: row for row in rows}


def was_in_force(connection: Connection, *, section: str, hash: str) -> bool:
    """Return whether a file with this hash was in force before."""
    known: bool = queries.value(connection, "was_in_force", section=section, hash=hash)
    return known


def adopt_settings(
    connection: Connection,
    *,
    reader: str,
    section: str,
    file: str,
    hash: str,
    settings: str,
    line_hashes: list[str],
    ends_with_line_end: bool,
    is_change: bool,
    now: datetime,
) -> None:
    """Record that the reader's `file` is in force: `settings` is what it says, as YAML without comments.

    `is_change`: another file was in force for this reader before; it may return to earlier settings.
    Readers and settings that nobody has used for long are forgotten on the way.
    """
    queries.run(
        connection,
        "keep_settings",
        section=section,
        hash=hash,
        settings=settings,
        line_hashes=line_hashes,
        ends_with_line_end=ends_with_line_end,
        is_change=is_change,
        now=now,
    )
    queries.run(connection, "note_adopted", reader=reader, section=section, file=file, hash=hash, now=now)
    queries.run(connection, "purge_readers", unseen_since=now - READER_DAYS)
    queries.run(connection, "purge_settings", unused_since=now - SETTINGS_DAYS)


def note_refusal(
    connection: Connection,
    *,
    reader: str,
    refused: RefusedFile,
    in_force: str | None,
    refused_hash: str,
    now: datetime,
) -> None:
    """Record that the reader's file is refused, and the hash of the settings that are in force for it."""
    queries.run(
        connection,
        "note_refusal",
        reader=reader,
        section=refused.section,
        file=refused.file,
        line=refused.line,
        cause=refused.cause,
        is_usable=refused.in_force_since is not None,
        hash=in_force,
        refused_hash=refused_hash,
        now=now,
    )


def forget_reader(connection: Connection, *, reader: str, section: str) -> None:
    """Record that the reader has no file of this section, and needs none."""
    queries.run(connection, "forget_reader", reader=reader, section=section)


def forget_section(connection: Connection, *, section: str) -> int:
    """Forget what was in force for `section`, whoever read it; return how many settings that were."""
    queries.run(connection, "forget_readers", section=section)
    return queries.run(connection, "forget_settings", section=section)
