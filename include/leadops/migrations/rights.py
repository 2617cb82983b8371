"""Which rights each part of leadops has in the database; rights.yaml says what its SQL needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import yaml

#: What the statements of each part need by table; written from the SQL by `make schema`.
RIGHTS_FILE = Path(__file__).with_name("rights.yaml")

#: What the reader reads: these schemas and relations hold counts, sums and models, but no name, no address
#: and nothing that a visitor or another system sent.
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


@cache
def read_rights() -> Mapping[Part, Mapping[str, Collection[str]]]:
    """Return the privileges that the SQL of each part needs, by table."""
    rights = yaml.safe_load(RIGHTS_FILE.read_text(encoding="utf-8"))
    return {Part(part): tables for part, tables in rights.items()}


def find_wanted(part: Part, objects: Collection[DatabaseObject]) -> set[DatabaseRight]:
    """Return the rights that a part shall have on `objects`, which are all of the database."""
    wanted = {
        DatabaseRight(thing, privilege) for thing in objects for privilege in _list_privileges(part, thing)
    }
    schemas = {right.object.schema for right in wanted if right.object.kind is ObjectKind.TABLE}
    # Everybody may execute a function, but only where the schema is open.
    schemas |= {name.partition(".")[0] for name in read_rights().get(part, {}) if name.endswith("()")}
    return wanted | {
        DatabaseRight(thing, "usage")
        for thing in objects
        if thing.kind is ObjectKind.SCHEMA and thing.schema in schemas
    }


def _list_privileges(part: Part, thing: DatabaseObject) -> Collection[str]:
    match thing.kind, part:
        case ObjectKind.DATABASE, Part.TASKS:
            return ("connect", "temporary")
        case ObjectKind.DATABASE, _:
            return ("connect",)
        case ObjectKind.SEQUENCE, Part.TASKS:
            return ("usage",)
        case ObjectKind.TABLE, Part.READER:
            return ("select",) if thing.schema in READABLE_SCHEMAS or thing.name in READABLE else ()
        case ObjectKind.TABLE, _:
            own = {"select"} if part is Part.TASKS else set[str]()
            return own | set(read_rights().get(part, {}).get(thing.name, ()))
        case _:
            return ()
