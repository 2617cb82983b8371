"""The roles of the parts in the clusters of tests: a URL of a test's database as one of them."""

from psycopg.conninfo import conninfo_to_dict

from leadops.db import connect
from leadops.migrations.rights import Part
from leadops.migrations.roles import DatabaseRole, grant_rights, make_roles
from leadops.settings import postgres_url


def name_role(part: Part) -> str:
    """Return the name of a part's role."""
    return f"test_{part.value}"


def make_test_roles(url: str) -> None:
    """Make a role for each part, with the password of `url`, and give it its rights in this database.

    Databases that are copied from it have the same rights on tables.
    """
    password = str(conninfo_to_dict(url)["password"])
    with connect(url) as connection:
        make_roles(connection, [DatabaseRole(part, name_role(part), password) for part in Part])
        grant_rights(connection)


def as_role(url: str, part: Part) -> str:
    """Return `url` (a postgresql:// URL of a test's database) as the role of `part`."""
    fields = conninfo_to_dict(url)
    return postgres_url(
        user=name_role(part),
        password=str(fields["password"]),
        host=str(fields["host"]),
        port=int(str(fields["port"])),
        database=str(fields["dbname"]),
    )
