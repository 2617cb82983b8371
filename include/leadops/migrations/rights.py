"""Which rights each part of leadops needs in the database; rights.yaml says what its SQL needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

#: What the statements of each part need by table; written from the SQL by `make schema`.
RIGHTS_FILE = Path(__file__).with_name("rights.yaml")

#: What the reader reads: these schemas and relations hold counts, sums and models, but no name, no address
#: and nothing that a visitor or another system sent. Besides, rights.yaml lists the published tables.
READABLE_SCHEMAS = ("analytics", "attribution", "economics")
READABLE = (
    "housekeeping.space_samples",
    "incidents.heartbeats",
    "lifecycle.frozen_quarters",
    "lifecycle.thresholds",
    "nurture.lifts",
    "training.decisions",
    "training.models",
)
#: The schema of the migrations themselves, which nobody but the owner writes.
OWN_SCHEMA = "leadops"


class Part(StrEnum):
    """A part of leadops with a database role of its own; besides them the owner runs migrations."""

    TASKS = "tasks"  # the DAGs and the commands
    GATEWAY = "gateway"  # the gateway and the watchdog
    READER = "reader"  # pages and reports that need no personal data
    PAGE = "page"  # the Lead ops page in the Airflow UI, which reads people too and writes nothing
    PEOPLE = "people"  # who reads the published tables with those that hold personal data


class ObjectKind(StrEnum):
    """What a right is about."""

    DATABASE = "database"
    SCHEMA = "schema"
    TABLE = "table"  # or view
    SEQUENCE = "sequence"


@dataclass(frozen=True, order=True)
class DatabaseObject:
    """A database, schema, table, view or sequence; `name` is quoted as SQL needs it."""

    kind: ObjectKind
    schema: str
    name: str


@dataclass(frozen=True, order=True)
class DatabaseRight:
    """A privilege on an object."""

    object: DatabaseObject
    privilege: str

    def __str__(self) -> str:
        return f"{self.privilege} on {self.object.kind} {self.object.name}"


#: The privileges that each part (by its name) needs, by table, or by schema as `analytics.*`. What a version
#: needs is kept in the database, as JSON, for the next one.
Rights = Mapping[str, Mapping[str, Collection[str]]]


@cache
def read_rights() -> Rights:
    """Return the privileges that each part of this version needs."""
    rights = yaml.safe_load(RIGHTS_FILE.read_text(encoding="utf-8"))
    readable = (*(f"{schema}.*" for schema in READABLE_SCHEMAS), *READABLE)
    reader = {name: ["select"] for name in readable} | rights.get(Part.READER.value, {})
    return {**rights, Part.READER.value: reader}


def find_wanted(rights: Rights, part: Part, objects: Collection[DatabaseObject]) -> set[DatabaseRight]:
    """Return what a part of the version with these `rights` needs on `objects`, all of the database."""
    own = rights.get(part.value, {})
    wanted = {
        DatabaseRight(thing, privilege)
        for thing in objects
        for privilege in _list_privileges(own, part, thing)
    }
    schemas = {right.object.schema for right in wanted if right.object.kind is ObjectKind.TABLE}
    # Everybody may execute a function, but only where the schema is open.
    schemas |= {name.partition(".")[0] for name in own if name.endswith("()")}
    return wanted | {
        DatabaseRight(thing, "usage")
        for thing in objects
        if thing.kind is ObjectKind.SCHEMA and thing.schema in schemas
    }


def _list_privileges(
    own: Mapping[str, Collection[str]], part: Part, thing: DatabaseObject
) -> Collection[str]:
    match thing.kind, part:
        case ObjectKind.DATABASE, Part.TASKS:
            return ("connect", "temporary")
        case ObjectKind.DATABASE, _:
            return ("connect",)
        case ObjectKind.SEQUENCE, Part.TASKS:
            return ("usage",)
        case ObjectKind.TABLE, _:
            every = {"select"} if part is Part.TASKS else set[str]()
            return every.union(own.get(thing.name, ()), own.get(f"{thing.schema}.*", ()))
        case _:
            return ()
