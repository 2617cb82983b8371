"""`leadops migrate`: bring the database to this version's tables."""

from typing import Annotated

import typer

from leadops.cli.context import open_database
from leadops.cli.terminal import console, print_lines
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
            print_lines(describe_schema(connection))
            return
    console.print(f"applied: {', '.join(applied)}" if applied else "nothing to do")
