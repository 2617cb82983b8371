import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from leadops.errors import ConfigError
from leadops.settings import postgres_url
from leadops.watchdog.airflow_queue import read_queue
from leadops_stack.airflow_reader import prepare_reader
from leadops_stack.databases import DATABASES, prepare_databases
from leadops_stack.postgres import PostgresServer
from leadops_stack.variables import READER_ROLE, SUPERUSER

from ..conftest import free_port

AIRFLOW_TABLES = (Path(__file__).parents[1] / "airflow_tables.sql").read_text().replace("temp ", "")


@pytest.fixture(scope="module")
def cluster() -> Iterator[PostgresServer]:
    """A cluster as the stack makes it."""
    with tempfile.TemporaryDirectory(prefix="leadops-test-") as folder:
        Path(folder).chmod(0o755)
        made = PostgresServer(
            Path(folder) / "pg", port=free_port(), user=SUPERUSER, password=secrets.token_hex(8)
        )
        made.start()
        yield made
        made.stop()


@pytest.fixture
def values() -> dict[str, str]:
    """A password for each role."""
    return {variable: secrets.token_hex(8) for _, variable in DATABASES.values()}


def url_of(cluster: PostgresServer, role: str, password: str, database: str) -> str:
    return postgres_url(user=role, password=password, host="127.0.0.1", port=cluster.port, database=database)


def test_each_role_owns_its_database_and_nothing_else(
    cluster: PostgresServer, values: dict[str, str]
) -> None:
    for _ in range(2):  # again changes nothing
        prepare_databases(cluster.url(), values)
    for database, (role, variable) in DATABASES.items():
        with psycopg.connect(url_of(cluster, role, values[variable], database)) as own:
            own.execute("create schema mine")
            rights = "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
            assert own.execute(rights).fetchone() == (False, False, False)
            own.rollback()
        for other in set(DATABASES) - {database}:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(url_of(cluster, role, values[variable], other))


def test_a_new_password_takes_the_place_of_the_old(cluster: PostgresServer, values: dict[str, str]) -> None:
    prepare_databases(cluster.url(), values)
    prepare_databases(cluster.url(), {**values, "LEADOPS_DATABASE_PASSWORD": "another"})
    psycopg.connect(url_of(cluster, "leadops", "another", "leadops")).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url_of(cluster, "leadops", values["LEADOPS_DATABASE_PASSWORD"], "leadops"))


def test_another_installations_data_is_named(cluster: PostgresServer) -> None:
    with pytest.raises(ConfigError, match="does not take LEADOPS_POSTGRES_PASSWORD"):
        prepare_databases(cluster.url().replace(cluster.password, "wrong"), {})


def test_the_watchdogs_role_reads_which_tasks_wait_and_nothing_else(
    cluster: PostgresServer, values: dict[str, str]
) -> None:
    prepare_databases(cluster.url(), values)
    airflow = url_of(cluster, "airflow", values["LEADOPS_AIRFLOW_DATABASE_PASSWORD"], "airflow")
    with psycopg.connect(airflow, autocommit=True) as own:
        own.execute(AIRFLOW_TABLES.encode())
        own.execute("alter table dag_run add column conf text")
        own.execute("create table connection (password text)")
        own.execute("insert into dag values ('score_leads', false)")
    for password in ("first", "second"):  # again changes only the password
        prepare_reader(cluster.url("airflow"), {"LEADOPS_AIRFLOW_READER_PASSWORD": password})
    reader = url_of(cluster, READER_ROLE, "second", "airflow")
    assert read_queue(reader, ["score_leads"]).active_dags == 1
    with psycopg.connect(reader, autocommit=True) as connection:
        for forbidden in (
            "select conf from dag_run",
            "select * from connection",
            "delete from dag",
            "create table mine ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(forbidden.encode())
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(url_of(cluster, READER_ROLE, "second", "leadops"))
