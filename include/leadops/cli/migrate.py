"""`leadops migrate`: bring the database to this version's tables, and make the roles of its parts."""

import os
from typing import Annotated

import typer

from leadops.cli.database_roles import read_roles
from leadops.cli.terminal import console, print_lines
from leadops.db import connect
from leadops.migrations import run
from leadops.migrations.describe import describe_schema
from leadops.migrations.roles import grant_rights, make_roles
from leadops.settings import OWNER_URL, database_url


def migrate(
    *,
    roles: Annotated[
        bool,
        typer.Option("--roles", help="Also make the role of each part, with the rights that it needs."),
    ] = False,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline", help="Gateway and DAGs are stopped: locks and statements may take their time."
        ),
    ] = False,
    revoke_former: Annotated[
        bool,
        typer.Option(
            "--revoke-former",
            help="Nothing of the former version runs any more: take the rights that only it needs.",
        ),
    ] = False,
    print_schema: Annotated[bool, typer.Option(help="Print every table of the database as SQL.")] = False,
) -> None:
    """Bring the database to this version's tables (PostgreSQL 15 or later), while events come in.

    Works as the owner: the user of LEADOPS_OWNER_DATABASE_URL, or else of LEADOPS_DATABASE_URL.
    """
    parts = read_roles(os.environ) if roles else []
    with connect(database_url(OWNER_URL), application="leadops migrate") as connection:
        applied = run.migrate(connection, is_offline=offline, say=console.print)
        make_roles(connection, parts)
        if parts or revoke_former:
            granted = grant_rights(connection, is_former_gone=revoke_former)
        if print_schema:
            print_lines(describe_schema(connection))
            return
    console.print(f"applied: {', '.join(applied)}" if applied else "nothing to do")
    if parts:
        console.print("roles: " + ", ".join(f"{role.part.value} {role.name}" for role in granted))
