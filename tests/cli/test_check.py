"""From a database of one role to one whose roles are proven, by the commands of docs/database-roles.md."""

import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.settings import postgres_url
from leadops_stack.postgres import PostgresServer

runner = CliRunner()


@pytest.fixture
def urls(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """A URL for each part of a database that only its owner knows; the environment has them."""
    mark = secrets.token_hex(4)
    names = {part: f"{part}_{mark}" for part in ("owner", "tasks", "gateway", "reader", "page", "people")}
    passwords = {part: secrets.token_hex(8) for part in names}
    database = f"d_{mark}"
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(
            f"create role {names['owner']} login createrole password '{passwords['owner']}'".encode()
        )
        admin.execute(f"create database {database} owner {names['owner']}".encode())
    variables = {
        f"LEADOPS_{'' if part == 'tasks' else f'{part.upper()}_'}DATABASE_URL": postgres_url(
            user=name, password=passwords[part], host="127.0.0.1", port=postgres.port, database=database
        )
        for part, name in names.items()
    }
    for variable, url in variables.items():
        monkeypatch.setenv(variable, url)
    yield {**variables, **names}
    with psycopg.connect(postgres.url(), autocommit=True) as admin:
        admin.execute(f"drop database {database} with (force)".encode())
        for name in names.values():
            if admin.execute("select from pg_roles where rolname = %s", [name]).fetchone() is not None:
                admin.execute(f"drop role {name}".encode())


def run(*words: str) -> tuple[int, list[str]]:
    """Run a command; return its exit code and the lines that it prints."""
    result = runner.invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout.splitlines()


def test_the_roles_are_made_and_proven(urls: dict[str, str]) -> None:
    for _ in range(2):  # again changes nothing
        code, lines = run("migrate", "--roles")
        assert code == 0
        assert lines[-1] == (
            f"roles: gateway {urls['gateway']}, page {urls['page']}, people {urls['people']},"
            f" reader {urls['reader']}, tasks {urls['tasks']}"
        )
        assert run("check", "database") == (
            0,
            [
                f"{part}: {urls[part]} ok"
                for part in ("owner", "tasks", "gateway", "reader", "page", "people")
            ],
        )


def test_one_role_for_everything_still_works_and_is_named(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for part in ("OWNER", "GATEWAY", "READER", "PAGE", "PEOPLE"):
        monkeypatch.delenv(f"LEADOPS_{part}_DATABASE_URL")
    monkeypatch.setenv("LEADOPS_DATABASE_URL", urls["LEADOPS_OWNER_DATABASE_URL"])
    code, lines = run("migrate")
    assert (code, lines[0].startswith("applied: ")) == (0, True)
    code, lines = run("check", "database")
    assert code == 1
    assert (
        lines[0] == "owner: LEADOPS_OWNER_DATABASE_URL is not set: migrations work as the role of the tasks"
    )
    assert lines[1] == (
        f"tasks: {urls['owner']} may do createrole; take it away with `alter role {urls['owner']} …`"
    )
    assert lines[2].startswith(f"tasks: {urls['owner']} owns database d_")
    assert lines[3:] == [
        "gateway: LEADOPS_GATEWAY_DATABASE_URL is not set: the gateway works as the role of the tasks",
        "reader: LEADOPS_READER_DATABASE_URL is not set",
        "page: LEADOPS_PAGE_DATABASE_URL is not set: the Lead ops page works as the role of the tasks",
        "people: LEADOPS_PEOPLE_DATABASE_URL is not set",
    ]
    # From there on, that role stays the owner.
    for variable in urls:
        if variable.startswith("LEADOPS_"):
            monkeypatch.setenv(variable, urls[variable])
    assert run("migrate", "--roles")[0] == 0
    assert run("check", "database")[0] == 0


def test_what_a_role_lacks_or_has_too_many_is_said(urls: dict[str, str]) -> None:
    run("migrate", "--roles")
    with psycopg.connect(urls["LEADOPS_OWNER_DATABASE_URL"]) as owner:
        owner.execute(f"revoke insert on cdp.events from {urls['gateway']}".encode())
        owner.execute(f"grant select on scoring.ledger to {urls['gateway']}".encode())
    assert run("check", "database") == (
        1,
        [
            f"owner: {urls['owner']} ok",
            f"tasks: {urls['tasks']} ok",
            f"gateway: {urls['gateway']} lacks insert on cdp.events; run `leadops migrate --roles`",
            f"gateway: {urls['gateway']} has select on scoring.ledger, which the gateway does not need; run"
            " `leadops migrate --roles`, or revoke it from the role or group that has it",
            f"reader: {urls['reader']} ok",
            f"page: {urls['page']} ok",
            f"people: {urls['people']} ok",
        ],
    )
    assert run("migrate", "--roles")[0] == 0
    assert run("check", "database")[0] == 0


def test_a_role_that_cannot_connect_is_said_without_its_password(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("migrate", "--roles")
    url = urls["LEADOPS_GATEWAY_DATABASE_URL"].replace("@127.0.0.1", "sesame@127.0.0.1")
    monkeypatch.setenv("LEADOPS_GATEWAY_DATABASE_URL", url)
    code, lines = run("check", "database")
    assert (code, "sesame" in "".join(lines)) == (1, False)
    assert lines[2] == (
        "gateway: LEADOPS_GATEWAY_DATABASE_URL cannot connect: does the server run, does the password fit?"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"LEADOPS_OWNER_DATABASE_URL": ""}, "LEADOPS_OWNER_DATABASE_URL is not set"),
        ({"LEADOPS_GATEWAY_DATABASE_URL": ""}, "LEADOPS_GATEWAY_DATABASE_URL is not set"),
        ({"LEADOPS_GATEWAY_DATABASE_URL": "mysql://x"}, "LEADOPS_GATEWAY_DATABASE_URL is not a libpq URL"),
        ({"LEADOPS_GATEWAY_DATABASE_URL": "postgresql://127.0.0.1/x"}, "names no user"),
        ({"LEADOPS_GATEWAY_DATABASE_URL": "LEADOPS_DATABASE_URL"}, "two URLs of the database name the user"),
    ],
)
def test_urls_that_do_not_fit_are_said_before_anything_is_made(
    urls: dict[str, str], monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], message: str
) -> None:
    for variable, value in changes.items():
        monkeypatch.setenv(variable, os.environ.get(value, value))
    with pytest.raises(Exception, match=message):
        run("migrate", "--roles")
    with psycopg.connect(urls["LEADOPS_OWNER_DATABASE_URL"]) as owner:
        assert owner.execute("select to_regclass('cdp.events')").fetchone() == (None,)


def test_what_the_former_version_needs_is_said_and_no_fault(urls: dict[str, str]) -> None:
    run("migrate", "--roles")
    former = {"gateway": {"scoring.ledger": ["select"]}}
    with psycopg.connect(urls["LEADOPS_OWNER_DATABASE_URL"]) as owner:
        owner.execute("update leadops.rights set rights = %s", [Jsonb(former)])
    run("migrate", "--roles")
    code, lines = run("check", "database")
    assert (code, lines[2]) == (0, f"gateway: {urls['gateway']} ok")
    assert lines[-1].endswith("run `leadops migrate --revoke-former`.")
    run("migrate", "--revoke-former")
    assert run("check", "database")[1][-1] == f"people: {urls['people']} ok"
