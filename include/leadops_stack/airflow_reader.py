"""A role that may see which of Airflow's tasks wait and run: for the watchdog, which needs nothing else."""

from collections.abc import Mapping

import psycopg
from psycopg import sql

from leadops_stack.variables import READER_ROLE

#: The columns of Airflow's tables that it may read; no connection, no variable, no parameter of a run.
COLUMNS = {
    "task_instance": ("id", "dag_id", "state", "queued_dttm", "last_heartbeat_at"),
    "dag_run": ("id", "dag_id", "state"),
    "dag": ("dag_id", "is_paused"),
}


def prepare_reader(superuser_url: str, values: Mapping[str, str]) -> None:
    """Make the role where it is missing, set its password, let it read; Airflow's tables must be there.

    `superuser_url` is that of Airflow's database.
    """
    role = sql.Identifier(READER_ROLE)
    with psycopg.connect(superuser_url, connect_timeout=10) as connection:
        password = values["LEADOPS_AIRFLOW_READER_PASSWORD"].encode()
        # A hash: servers write statements into their logs.
        hashed = connection.pgconn.encrypt_password(password, READER_ROLE.encode(), b"scram-sha-256")
        known = connection.execute("select 1 from pg_roles where rolname = %s", [READER_ROLE]).fetchone()
        if not known:
            connection.execute(sql.SQL("create role {role}").format(role=role))
        connection.execute(
            sql.SQL("alter role {role} login nosuperuser nocreatedb nocreaterole password {password}").format(
                role=role, password=sql.Literal(hashed.decode())
            )
        )
        database = sql.Identifier(connection.info.dbname)
        connection.execute(
            sql.SQL("grant connect on database {database} to {role}").format(database=database, role=role)
        )
        for table, columns in COLUMNS.items():
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            connection.execute(
                sql.SQL("grant select ({names}) on {table} to {role}").format(
                    names=names, table=sql.Identifier(table), role=role
                )
            )
