"""The two databases of the cluster, each with an owner that can do nothing else; the roles of the parts."""

from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from leadops.errors import ConfigError
from leadops_stack.variables import AIRFLOW_ROLE, OWNER_ROLE, ROLES

#: Each database and its owner.
DATABASES = {"leadops": OWNER_ROLE, "airflow": AIRFLOW_ROLE}

#: Every role and the variable with its password.
PASSWORDS = {**dict(ROLES.values()), AIRFLOW_ROLE: "LEADOPS_AIRFLOW_DATABASE_PASSWORD"}


def prepare_databases(superuser_url: str, values: Mapping[str, str]) -> None:
    """Make the roles and databases that are missing and set the roles' passwords to those in `values`.

    What another of our roles owns, as in an installation of one role, goes to the owner. Raises ConfigError
    when the superuser's password does not fit the cluster.
    """
    with _connect(superuser_url) as connection:
        for role, variable in PASSWORDS.items():
            _prepare_role(connection, role, values[variable])
        for database, owner in DATABASES.items():
            names = {"database": sql.Identifier(database), "owner": sql.Identifier(owner)}
            if connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                connection.execute(sql.SQL("alter database {database} owner to {owner}").format(**names))
            else:
                connection.execute(sql.SQL("create database {database} owner {owner}").format(**names))
            connection.execute(sql.SQL("revoke all on database {database} from public").format(**names))
    with _connect(make_conninfo(superuser_url, dbname="leadops")) as connection:
        for role, _ in ROLES.values():
            if role != OWNER_ROLE:
                names = {"role": sql.Identifier(role), "owner": sql.Identifier(OWNER_ROLE)}
                connection.execute(sql.SQL("reassign owned by {role} to {owner}").format(**names))


def _prepare_role(connection: "psycopg.Connection[tuple[object, ...]]", role: str, password: str) -> None:
    name = sql.Identifier(role)
    # A hash: servers write statements into their logs.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
        connection.execute(sql.SQL("create role {role} login").format(role=name))
    connection.execute(
        sql.SQL("alter role {role} login nosuperuser nocreatedb nocreaterole password {password}").format(
            role=name, password=sql.Literal(hashed.decode())
        )
    )


def _connect(superuser_url: str) -> "psycopg.Connection[tuple[object, ...]]":
    try:
        return psycopg.connect(superuser_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise ConfigError(
            "the database does not take LEADOPS_POSTGRES_PASSWORD: bring back the .env it was made with,"
            " or remove the data folder to start afresh"
        ) from error
