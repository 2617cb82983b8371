"""The files that move leads: one content of each is in force on all machines, until a decision changes it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import yaml
from psycopg.types.json import Jsonb

from leadops.config.load_config import load_whole
from leadops.config.yaml_tree import parse_content
from leadops.db import Connection
from leadops.queries import Queries
from leadops.settings import Settings

queries = Queries(__file__, topic="kept_settings")

Model = TypeVar("Model", bound=Settings)

#: Readers that were not seen for this long are forgotten.
READER_DAYS = timedelta(days=8)


@dataclass(frozen=True)
class GateState:
    """What is in force of a section since a time (UTC), and what a reader's own file last said."""

    section: str
    hash: str
    settings: dict[str, Any]
    since: datetime
    own_hash: str | None
    seen_at: datetime | None


@dataclass(frozen=True)
class SettingsInForce:
    """What is in force of a section since a time (UTC)."""

    section: str
    hash: str
    settings: dict[str, Any]
    since: datetime


@dataclass(frozen=True)
class GatedFile:
    """What a reader's file says; times in UTC.

    `is_first`: the reader has had no other content. `was_in_force`: the content was in force before.
    """

    reader: str
    section: str
    file: str
    hash: str
    settings: dict[str, Any]
    is_first: bool
    was_in_force: bool
    changed_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class SectionUsers:
    """The readers whose file of a section says what is in force."""

    section: str
    readers: list[str]


def dump_settings(settings: Settings) -> dict[str, Any]:
    """Return all that `settings` say as JSON, the shipped values included; the model reads it back.

    What no file says is left out: null is not the same to every model.
    """
    return settings.model_dump(mode="json", by_alias=True, exclude_unset=True)


def restore_settings(section: str, model: type[Model], settings: Mapping[str, Any]) -> Model:
    """Return what `dump_settings` wrote, maybe by an earlier version; raise ConfigError if unusable."""
    tree = parse_content(yaml.safe_dump(dict(settings)).encode(), Path(f"{section}.yaml on record"))
    return load_whole(section, model, tree).settings


def hash_content(content: object) -> str:
    """Return the SHA-256 (hex) of JSON: two files that say the same have the same hash."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def list_gate(connection: Connection, *, reader: str) -> dict[str, GateState]:
    """Return what is in force for all, and what `reader` last said, by section."""
    rows = queries.all(connection, "list_gate", GateState, reader=reader)
    return {row.section: row for row in rows}


def list_in_force(connection: Connection) -> dict[str, SettingsInForce]:
    """Return what is in force, by section."""
    rows = queries.all(connection, "list_in_force", SettingsInForce)
    return {row.section: row for row in rows}


def find_last_number(connection: Connection) -> int:
    """Return the number of what was put in force last, of any section; 0: nothing yet."""
    return int(queries.value(connection, "find_last_number"))


def list_in_force_at(connection: Connection, at: datetime) -> dict[str, SettingsInForce]:
    """Return what was in force at `at` (UTC), by section; of a section that came later, the first."""
    rows = queries.all(connection, "list_in_force_at", SettingsInForce, at=at)
    return {row.section: row for row in rows}


def list_gated_files(connection: Connection) -> list[GatedFile]:
    """Return what each reader's files say that differs from what is in force, the last change first."""
    return queries.all(connection, "list_gated_files", GatedFile)


def list_users(connection: Connection, *, seen_since: datetime) -> dict[str, list[str]]:
    """Return the readers whose file, seen since then (UTC), says what is in force, by section."""
    users = queries.all(connection, "list_users", SectionUsers, seen_since=seen_since)
    return {row.section: row.readers for row in users}


def note_file(
    connection: Connection,
    *,
    reader: str,
    section: str,
    file: str,
    settings: dict[str, Any],
    now: datetime,
) -> None:
    """Record what the reader's `file` says at `now` (UTC)."""
    queries.run(
        connection,
        "note_file",
        reader=reader,
        section=section,
        file=file,
        hash=hash_content(settings),
        settings=Jsonb(settings),
        now=now,
    )
    queries.run(connection, "forget_files", unseen_since=now - READER_DAYS)


def put_in_force(
    connection: Connection, *, section: str, settings: dict[str, Any], reason: str, now: datetime
) -> None:
    """Let `settings` be in force for all from `now` (UTC) on, for this `reason`; commits with the caller."""
    queries.run(
        connection,
        "put_in_force",
        section=section,
        hash=hash_content(settings),
        settings=Jsonb(settings),
        reason=reason,
        now=now,
    )


def forget_former(connection: Connection, *, before: datetime, max_rows: int) -> int:
    """Delete up to `max_rows` settings that something else replaced before `before` (UTC)."""
    return queries.run(connection, "forget_former", before=before, max_rows=max_rows)
