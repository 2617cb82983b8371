import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from leadops.cli.database_roles import VARIABLES, read_roles
from leadops.db import connect
from leadops.errors import ConfigError
from leadops.migrations.check_roles import check_owner, check_role
from leadops.migrations.roles import grant_rights, make_roles
from leadops.migrations.run import migrate
from leadops.settings import postgres_url
from leadops.watchdog.airflow_queue import read_queue
from leadops_stack.airflow_reader import prepare_reader
from leadops_stack.databases import DATABASES, PASSWORDS, prepare_databases
from leadops_stack.postgres import PostgresServer
from leadops_stack.variables import READER_ROLE, ROLES, SUPERUSER

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
    return {variable: secrets.token_hex(8) for variable in PASSWORDS.values()}


def url_of(cluster: PostgresServer, role: str, password: str, database: str) -> str:
    return postgres_url(user=role, password=password, host="127.0.0.1", port=cluster.port, database=database)


def test_each_owner_owns_its_database_and_nothing_else(
    cluster: PostgresServer, values: dict[str, str]
) -> None:
    for _ in range(2):  # again changes nothing
        prepare_databases(cluster.url(), values)
    for database, role in DATABASES.items():
        with psycopg.connect(url_of(cluster, role, values[PASSWORDS[role]], database)) as own:
            own.execute("create schema mine")
            rights = "select rolsuper, rolcreatedb, rolcreaterole from pg_roles where rolname = current_user"
            assert own.execute(rights).fetchone() == (False, False, False)
            own.rollback()
        for other in set(DATABASES) - {database}:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                psycopg.connect(url_of(cluster, role, values[PASSWORDS[role]], other))


def urls_of(cluster: PostgresServer, values: dict[str, str]) -> dict[str, str]:
    """The URLs of the roles in the database of leadops, as `.env` has them."""
    return {
        variable: url_of(cluster, role, values[password], "leadops")
        for variable, (role, password) in ROLES.items()
    }


def migrate_with_roles(cluster: PostgresServer, values: dict[str, str]) -> dict[str, str]:
    """Do what `make up` and the container `migrate` do; return the URLs."""
    prepare_databases(cluster.url(), values)
    urls = urls_of(cluster, values)
    with connect(urls["LEADOPS_OWNER_DATABASE_URL"]) as connection:
        migrate(connection)
        make_roles(connection, read_roles(urls))
        grant_rights(connection)
    return urls


def find_faults(urls: dict[str, str]) -> dict[str, list[str]]:
    """What `leadops check database` finds wrong with each role."""
    with connect(urls["LEADOPS_OWNER_DATABASE_URL"]) as connection:
        faults = {"owner": check_owner(connection)}
    for part, variable in VARIABLES.items():
        with connect(urls[variable]) as connection:
            faults[part.value] = check_role(connection, part, former={})
    return faults


SOUND: dict[str, list[str]] = {
    "owner": [],
    "tasks": [],
    "gateway": [],
    "reader": [],
    "people": [],
    "page": [],
}


def test_the_roles_of_the_stack_have_what_they_need_and_no_more(
    cluster: PostgresServer, values: dict[str, str]
) -> None:
    for _ in range(2):  # again changes nothing
        urls = migrate_with_roles(cluster, values)
        assert find_faults(urls) == SOUND


def test_a_database_of_one_role_becomes_one_of_many(cluster: PostgresServer, values: dict[str, str]) -> None:
    """As installations were: the role of the tasks owned everything."""
    password = values["LEADOPS_DATABASE_PASSWORD"]
    with psycopg.connect(cluster.url(), autocommit=True) as admin:
        admin.execute("drop database if exists leadops")
        admin.execute("drop role if exists leadops")
        admin.execute(f"create role leadops login password '{password}'")
        admin.execute("create database leadops owner leadops")
    with connect(url_of(cluster, "leadops", password, "leadops")) as connection:
        migrate(connection)
        connection.execute(
            "insert into cdp.traffic_progress (counted_from, counted_until) values (now(), now())"
        )
    urls = migrate_with_roles(cluster, values)
    assert find_faults(urls) == SOUND
    with connect(urls["LEADOPS_DATABASE_URL"]) as connection:
        assert connection.execute("select count(*) from cdp.traffic_progress").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("drop table cdp.events")


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
