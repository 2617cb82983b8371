"""The two databases of the cluster, each owned by a role that can do nothing else."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from leadops.errors import ConfigError
from leadops_stack.variables import AIRFLOW_ROLE, APP_ROLE

#: Each database, its owner and the variable with the owner's password.
DATABASES = {
    "leadops": (APP_ROLE, "LEADOPS_DATABASE_PASSWORD"),
    "airflow": (AIRFLOW_ROLE, "LEADOPS_AIRFLOW_DATABASE_PASSWORD"),
}


def prepare_databases(superuser_url: str, values: Mapping[str, str]) -> None:
    """Make the roles and databases that are missing and set the roles' passwords to those in `values`.

    Raises ConfigError when the superuser's password does not fit the cluster.
    """
    try:
        connection = psycopg.connect(superuser_url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise ConfigError(
            "the database does not take LEADOPS_POSTGRES_PASSWORD: bring back the .env it was made with,"
            " or remove the data folder to start afresh"
        ) from error
    with connection:
        for database, (role, variable) in DATABASES.items():
            names = {"database": sql.Identifier(database), "role": sql.Identifier(role)}
            if not connection.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("create role {role} login").format(**names))
            connection.execute(
                sql.SQL(
                    "alter role {role} login nosuperuser nocreatedb nocreaterole password {password}"
                ).format(**names, password=sql.Literal(values[variable]))
            )
            if not connection.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
                connection.execute(sql.SQL("create database {database} owner {role}").format(**names))
            connection.execute(sql.SQL("revoke all on database {database} from public").format(**names))
