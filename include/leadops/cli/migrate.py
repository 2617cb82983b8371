"""`leadops migrate`: bring the database to this version's tables."""

from leadops.cli.context import console, open_database
from leadops.migrations import run


def migrate() -> None:
    """Bring the database of LEADOPS_DATABASE_URL to this version's tables (PostgreSQL 15 or later)."""
    with open_database() as connection:
        applied = run.migrate(connection)
    console.print(f"applied: {', '.join(applied)}" if applied else "nothing to do")
