"""Proves that a role can do what its part needs, and nothing else: on a connection of that role itself."""

from collections import defaultdict
from collections.abc import Sequence

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.migrations.rights import DatabaseRight, Part, Rights
from leadops.migrations.roles import Account, compare_rights, find_account

#: Names in one line; the rest are a number.
LONGEST_LIST = 4


def check_role(connection: Connection, part: Part, former: Rights) -> list[str]:
    """Return what is wrong with the role of `part`, on its own connection: a line each, with what to do.

    What the part needs in the `former` version is not too many.
    """
    name = connection.info.user
    account = _find_own_account(connection)
    faults = _check_account(account, name)
    if account.is_superuser:
        return faults
    difference = compare_rights(connection, part, name, former)
    faults += [f"lacks {line}; run `leadops migrate --roles`" for line in _join_rights(difference.missing)]
    if not account.owned:  # an owner has every right, which is said already
        faults += [
            f"has {line}, which the {part.value} does not need; run `leadops migrate --roles`, or revoke it"
            " from the role or group that has it"
            for line in _join_rights(difference.extra)
        ]
    return faults


def check_owner(connection: Connection) -> list[str]:
    """Return what is wrong with the role that runs the migrations, on its own connection."""
    account = _find_own_account(connection)
    faults = []
    if account.is_superuser:
        faults.append("is a superuser; give migrations a role that owns this database and no other rights")
    elif not any(owned.startswith("database ") for owned in account.owned):
        faults.append("does not own the database; run `alter database … owner to …` as a superuser")
    return faults


def _find_own_account(connection: Connection) -> Account:
    account = find_account(connection, connection.info.user)
    if account is None:
        raise PermanentError(f"the server does not list the role {connection.info.user}")
    return account


def _check_account(account: Account, name: str) -> list[str]:
    if account.is_superuser:
        return ["is a superuser; give it another role, or `alter role … nosuperuser`"]
    faults = []
    powers = {
        "createrole": account.may_create_roles,
        "createdb": account.may_create_databases,
        "bypassrls or replication": account.is_special,
    }
    faults += [
        f"may do {power}; take it away with `alter role {name} …`" for power, has in powers.items() if has
    ]
    if account.owned:
        faults.append(
            f"owns {_shorten(account.owned)}, so it can change and drop it; as a superuser:"
            f" `reassign owned by {name} to OWNER`, or give this part another role"
        )
    if account.member_of:
        faults.append(f"is a member of {_shorten(account.member_of)}; take the membership away")
    return faults


def _join_rights(rights: Sequence[DatabaseRight]) -> list[str]:
    """Return the rights by privilege, as "select on cdp.events, cdp.quarantine and 3 more"."""
    objects: dict[str, list[str]] = defaultdict(list)
    for right in rights:
        objects[right.privilege].append(right.object.name)
    return [f"{privilege} on {_shorten(names)}" for privilege, names in sorted(objects.items())]


def _shorten(names: Sequence[str]) -> str:
    shown = ", ".join(names[:LONGEST_LIST])
    more = len(names) - LONGEST_LIST
    return f"{shown} and {more} more" if more > 0 else shown
