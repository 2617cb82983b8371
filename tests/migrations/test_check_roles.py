import secrets
from collections.abc import Iterator

import psycopg
import pytest

from leadops.db import Connection, connect
from leadops.migrations.check_roles import check_owner, check_role
from leadops.migrations.rights import Part
from leadops.migrations.roles import DatabaseRole, grant_rights, make_roles
from tests.roles import as_role, name_role


@pytest.fixture
def role(connection: Connection, database_url: str) -> Iterator[str]:
    """A gateway's role of this test alone, with its rights."""
    name = f"g_{secrets.token_hex(4)}"
    password = str(psycopg.conninfo.conninfo_to_dict(database_url)["password"])
    make_roles(connection, [DatabaseRole(Part.GATEWAY, name, password)])
    grant_rights(connection)
    connection.commit()
    yield name
    connection.rollback()
    connection.execute(f"reassign owned by {name} to current_user".encode())
    connection.execute(f"drop owned by {name}".encode())
    connection.execute(f"drop role {name}".encode())
    connection.commit()


def find_faults(connection: Connection, database_url: str, role: str, change: str = "") -> list[str]:
    """What the check says of the role, after `change` by a superuser."""
    if change:
        connection.execute(change.format(role=role).encode())
    connection.commit()
    url = as_role(database_url, Part.GATEWAY).replace(name_role(Part.GATEWAY), role)
    with connect(url) as own:
        return check_role(own, Part.GATEWAY, former={})


def test_a_role_with_its_rights_is_sound(connection: Connection, database_url: str, role: str) -> None:
    assert find_faults(connection, database_url, role) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("alter role {role} superuser", "is a superuser"),
        ("alter role {role} createdb", "may do createdb"),
        ("alter role {role} createrole", "may do createrole"),
        ("alter table cdp.events owner to {role}", "owns table cdp.events, so it can change and drop it"),
        ("grant pg_read_all_data to {role}", "is a member of pg_read_all_data"),
        (
            "revoke insert on cdp.events from {role}",
            "lacks insert on cdp.events; run `leadops migrate --roles`",
        ),
        ("revoke usage on schema identity from {role}", "lacks usage on identity"),
        (
            "grant select on scoring.ledger to {role}",
            "has select on scoring.ledger, which the gateway does not",
        ),
        ("grant create on schema cdp to {role}", "has create on cdp, which the gateway does not"),
        (
            "grant update on scoring.scores to public",
            "has update on scoring.scores, which the gateway does not",
        ),
    ],
)
def test_what_is_wrong_is_named(
    connection: Connection, database_url: str, role: str, change: str, fault: str
) -> None:
    faults = find_faults(connection, database_url, role, change)
    assert any(fault in line for line in faults), faults


def test_many_tables_are_one_line(connection: Connection, database_url: str, role: str) -> None:
    change = "grant delete on all tables in schema training to {role}"
    assert find_faults(connection, database_url, role, change) == [
        "has delete on training.decisions, training.imported_scores, training.models, training.predictions"
        " and 2 more, which the gateway does not need; run `leadops migrate --roles`, or revoke it from the"
        " role or group that has it"
    ]


def test_the_owner_owns_the_database_and_is_no_superuser(connection: Connection, database_url: str) -> None:
    assert check_owner(connection)[0].startswith("is a superuser")
    with connect(as_role(database_url, Part.TASKS)) as tasks:
        assert check_owner(tasks)[0].startswith("does not own the database")
