"""`leadops migrate`: bring the database to this version's tables."""

from typing import Annotated

import typer

from leadops.cli.context import console, open_database
from leadops.migrations import run
from leadops.migrations.describe import describe_schema


def migrate(
    *,
    print_schema: Annotated[bool, typer.Option(help="Print every table of the database as SQL.")] = False,
) -> None:
    """Bring the database of LEADOPS_DATABASE_URL to this version's tables (PostgreSQL 15 or later)."""
    with open_database() as connection:
        applied = run.migrate(connection)
        if print_schema:
            typer.echo(describe_schema(connection), nl=False)
            return
    console.print(f"applied: {', '.join(applied)}" if applied else "nothing to do")
