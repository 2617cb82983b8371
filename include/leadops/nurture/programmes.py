"""Which content of a programme is in force: each is on record, and members finish the version they began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.db import Connection
from leadops.errors import TransientError
from leadops.nurture.message_texts import NurtureMessage
from leadops.nurture.nurture_settings import NurtureProgramme, NurtureSettings, hash_body
from leadops.queries import Queries

queries = Queries(__file__, topic="enter_programmes")

#: For this long a file with the content of before the newest version is taken for that of a machine that the
#: rollout has not reached.
ROLLOUT = timedelta(minutes=10)
#: So long after it was decided an enrolment may be settled, and still shows that the MA takes people in.
SETTLED_WITHIN = timedelta(days=2)


@dataclass(frozen=True)
class RecordedProgramme:
    """A version as it is on record; without a body the file had no such programme since then."""

    programme: str
    version: int
    hash: str
    body: Mapping[str, Any] | None
    in_force_since: datetime
    in_force_until: datetime | None  # None: it is in force


@dataclass(frozen=True)
class ProgrammeVersion:
    """A version of a programme that members may have begun."""

    name: str
    version: int
    since: datetime
    until: datetime | None
    programme: NurtureProgramme
    messages: Mapping[str, NurtureMessage]
    page_locales: Sequence[str]

    @property
    def length(self) -> timedelta:
        """How long after the entry the last step is stale."""
        return self.programme.length


@dataclass(frozen=True)
class ProgrammesOnRecord:
    """Every version, and which programmes the file has no more."""

    versions: Mapping[tuple[str, int], ProgrammeVersion]
    removed: frozenset[str]


def follow_programmes(
    connection: Connection, settings: NurtureSettings, *, locales: Sequence[str], now: datetime
) -> ProgrammesOnRecord:
    """Record what `settings` say that is new, and return all versions.

    Somebody who acts at a time enters by the version that was in force then; nobody enters by what they did
    before its programme was first on record. The caller holds Lock.NURTURE. `locales` are the first segments
    of a page's path that are not counted; `now` is UTC.
    """
    recorded = queries.all(connection, "list_versions", RecordedProgramme)
    added = list_new_versions(recorded, _describe(settings, locales), now=now)
    if added:
        queries.run_many(
            connection,
            "insert_version",
            [
                {
                    "programme": version.programme,
                    "version": version.version,
                    "hash": version.hash,
                    "body": None if version.body is None else Jsonb(version.body),
                    "now": now,
                }
                for version in added
            ],
        )
        recorded = queries.all(connection, "list_versions", RecordedProgramme)
    return read_programmes(recorded)


def note_taken(connection: Connection, *, now: datetime) -> None:
    """Record which programmes the MA has begun to take people into; commits with the caller.

    Before that a programme is not set up there, as those that ship are at first. `now` is UTC.
    """
    queries.run(connection, "note_taken", since=now - SETTLED_WITHIN, now=now)


def load_programmes(connection: Connection) -> ProgrammesOnRecord:
    """Return all versions as they are on record."""
    return read_programmes(queries.all(connection, "list_versions", RecordedProgramme))


def list_new_versions(
    recorded: Sequence[RecordedProgramme], bodies: Mapping[str, dict[str, Any]], *, now: datetime
) -> list[RecordedProgramme]:
    """Return the versions that `bodies`, the programmes of the file, add to those on record.

    A programme that the file has no more gets a version without a body. Within ROLLOUT of a new version the
    content before it adds nothing: it comes from a machine that still has the older file.
    """
    newest = {version.programme: version for version in recorded}  # ordered by version
    added = []
    for name in sorted(bodies.keys() | newest.keys()):
        body, latest = bodies.get(name), newest.get(name)
        digest = hash_body(body)
        if latest is None:
            added.append(RecordedProgramme(name, 1, digest, body, now, None))
            continue
        former = {version.hash for version in recorded if version.programme == name} | {hash_body(None)}
        is_older_file = digest in former and now - latest.in_force_since < ROLLOUT
        if digest != latest.hash and not is_older_file:
            added.append(RecordedProgramme(name, latest.version + 1, digest, body, now, None))
    return added


def read_programmes(recorded: Sequence[RecordedProgramme]) -> ProgrammesOnRecord:
    """Return the versions as settings; raise TransientError for one that a newer leadops recorded."""
    versions = {}
    for version in recorded:
        if version.body is not None:
            programme, messages = _read_body(version.body)
            versions[version.programme, version.version] = ProgrammeVersion(
                version.programme,
                version.version,
                version.in_force_since,
                version.in_force_until,
                programme,
                messages,
                tuple(version.body["page_locales"]),
            )
    removed = {
        version.programme for version in recorded if version.in_force_until is None and not version.body
    }
    return ProgrammesOnRecord(versions, frozenset(removed))


def _read_body(body: Mapping[str, Any]) -> tuple[NurtureProgramme, Mapping[str, NurtureMessage]]:
    try:
        return NurtureProgramme.model_validate(body["programme"]), {
            key: NurtureMessage.model_validate(message) for key, message in body["messages"].items()
        }
    except ValidationError as error:
        raise TransientError(
            "a newer leadops recorded a programme of nurture.yaml; finish the rollout, then run this again"
        ) from error


def _describe(settings: NurtureSettings, locales: Sequence[str]) -> dict[str, dict[str, Any]]:
    return {name: settings.describe_programme(name, list(locales)) for name in settings.programmes}
