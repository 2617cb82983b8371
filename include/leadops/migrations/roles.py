"""The database roles of leadops: one for each part, with the rights that it needs and no others.

The owner makes the tables and runs the migrations; it grants the others what `rights` says. Each run of the
migrations grants what is new, so that a new table needs nothing else. What only the former version needs
stays until the next version comes, or until somebody says that nothing of it runs any more: during an upgrade
both work.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby

import psycopg
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock
from leadops.migrations.rights import (
    DatabaseObject,
    DatabaseRight,
    ObjectKind,
    Part,
    Rights,
    find_wanted,
    read_rights,
)
from leadops.queries import Queries

queries = Queries(__file__)

#: What a role can be granted on a table; the last one since PostgreSQL 17.
TABLE_PRIVILEGES = ("select", "insert", "update", "delete", "truncate", "references", "trigger")
MAINTAIN, MAINTAIN_VERSION = "maintain", 170_000


@dataclass(frozen=True)
class DatabaseRole:
    """The role of a part; without a password it is not made and keeps the one that it has."""

    part: Part
    name: str
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Account:
    """What a role may do besides its rights on objects; `owned` and `member_of` are names for a person."""

    is_superuser: bool
    may_create_roles: bool
    may_create_databases: bool
    is_special: bool
    owned: list[str]
    member_of: list[str]


@dataclass(frozen=True)
class _ObjectRow:
    """A database object as the catalogue lists it."""

    kind: str
    schema: str
    name: str

    @property
    def object(self) -> DatabaseObject:
        """The object."""
        return DatabaseObject(ObjectKind(self.kind), self.schema, self.name)


@dataclass(frozen=True)
class _RightRow(_ObjectRow):
    """A right as the catalogue lists it."""

    privilege: str

    @property
    def right(self) -> DatabaseRight:
        """The right."""
        return DatabaseRight(self.object, self.privilege)


@dataclass(frozen=True)
class _RecordedRole:
    """The role of a part on record."""

    part: str
    name: str


@dataclass(frozen=True)
class RightsDifference:
    """The rights that a role lacks and those that it has too many, in order."""

    missing: list[DatabaseRight]
    extra: list[DatabaseRight]


def make_roles(connection: Connection, roles: Iterable[DatabaseRole]) -> None:
    """Make the roles that are missing, set their passwords where we may, and put them on record.

    `connection` is the owner's. Raises PermanentError if a role is missing and the owner may not make it, or
    if it is the owner's own.
    """
    with connection.transaction():
        hold_lock(connection, Lock.MIGRATION)
        for role in roles:
            if role.name == connection.info.user:
                raise PermanentError(
                    f"{role.name} owns the tables, so it cannot be the role of the {role.part.value}: give"
                    " another user in its URL"
                )
            if find_account(connection, role.name) is None:
                _create_role(connection, role)
            elif role.password and _may_make_roles(connection):
                text = queries.value(
                    connection, "write_password", role=role.name, password=_hash_password(connection, role)
                )
                _run_if_allowed(connection, text)
            queries.run(connection, "record_role", part=role.part, name=role.name)


def grant_rights(connection: Connection, *, is_former_gone: bool = False) -> list[DatabaseRole]:
    """Give each role on record the rights that its part needs, and take the others; return the roles.

    What its part needs in the former version it keeps, unless `is_former_gone`: no process of it runs any
    more. `connection` is the owner's; roles that the server does not have are left out. Rights that come from
    elsewhere, such as a membership, stay: `check_roles` reports them.
    """
    with connection.transaction():
        hold_lock(connection, Lock.MIGRATION)
        needed = Jsonb(read_rights())
        queries.run(connection, "record_former_rights", rights=needed)
        queries.run(connection, "record_rights", rights=needed)
        if is_former_gone:
            queries.run(connection, "forget_former_rights")
        former = find_former_rights(connection)
        recorded = queries.all(connection, "list_recorded", _RecordedRole)
        roles = [DatabaseRole(Part(role.part), role.name) for role in recorded]
        if roles:
            _run_if_allowed(connection, queries.value(connection, "write_revoke_from_everybody"))
        for role in roles:
            difference = compare_rights(connection, role.part, role.name, former)
            for thing, privileges in _by_object(difference.missing):
                text = queries.value(
                    connection,
                    "write_grant",
                    privileges=privileges,
                    kind=thing.kind,
                    object=thing.name,
                    role=role.name,
                )
                connection.execute(text)
            for thing, privileges in _by_object(difference.extra):
                text = queries.value(
                    connection,
                    "write_revoke",
                    privileges=privileges,
                    kind=thing.kind,
                    object=thing.name,
                    role=role.name,
                )
                connection.execute(text)
    return roles


def find_former_rights(connection: Connection) -> Rights:
    """Return what the parts of the former version need, where some of them may still run; `{}`: none does.

    `connection` is the owner's or the tasks'.
    """
    return queries.value(connection, "find_former_rights") or {}


def compare_rights(connection: Connection, part: Part, role_name: str, former: Rights) -> RightsDifference:
    """Return how the rights of a role differ from what its part needs, now or in the `former` version."""
    has_maintain = connection.info.server_version >= MAINTAIN_VERSION
    rows = queries.all(
        connection,
        "list_rights",
        _RightRow,
        role=role_name,
        table_privileges=[*TABLE_PRIVILEGES, *([MAINTAIN] if has_maintain else [])],
    )
    had = {row.right for row in rows}
    objects = [row.object for row in queries.all(connection, "list_objects", _ObjectRow)]
    needed = find_wanted(read_rights(), part, objects) | find_wanted(former, part, objects)
    wanted = {right for right in needed if has_maintain or right.privilege != MAINTAIN}
    return RightsDifference(sorted(wanted - had), sorted(had - wanted))


def find_account(connection: Connection, role_name: str) -> Account | None:
    """Return what a role may do besides its rights, or None if the server does not have it."""
    return queries.first(connection, "find_account", Account, role=role_name)


def _create_role(connection: Connection, role: DatabaseRole) -> None:
    if not role.password:
        raise PermanentError(
            f"the URL of the {role.part.value} has no password, so no role can be made of it"
        )
    if not _may_make_roles(connection):
        raise PermanentError(
            f"{connection.info.user} may not make roles. As a superuser: create role {role.name} login"
            f" password '…' (the one of the {role.part.value} in its URL); then run"
            " `leadops migrate --roles` again"
        )
    text = queries.value(
        connection, "write_create_role", role=role.name, password=_hash_password(connection, role)
    )
    connection.execute(text)


def _may_make_roles(connection: Connection) -> bool:
    account = find_account(connection, connection.info.user)
    return account is not None and (account.is_superuser or account.may_create_roles)


def _hash_password(connection: Connection, role: DatabaseRole) -> str:
    """Return what the server keeps of a password: servers write statements into their logs."""
    return connection.pgconn.encrypt_password(
        role.password.encode(), role.name.encode(), b"scram-sha-256"
    ).decode()


def _run_if_allowed(connection: Connection, text: str) -> None:
    try:
        with connection.transaction():
            connection.execute(text.encode())
    except psycopg.errors.InsufficientPrivilege:
        return


def _by_object(rights: list[DatabaseRight]) -> Iterator[tuple[DatabaseObject, str]]:
    """Yield each object with its privileges as SQL lists them."""
    for thing, of_object in groupby(rights, key=lambda right: right.object):
        yield thing, ", ".join(right.privilege for right in of_object)
