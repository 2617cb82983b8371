"""The migrations of this version: numbered .sql files, and what the first lines of each say about it."""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: Other .sql files lie here too.
MIGRATION_NAME = re.compile(r"\d{4}_\w+\.sql")
#: Only a version that has the named migration can work with the database afterwards: it takes something away.
NEEDS = re.compile(rf"^-- needs: ({MIGRATION_NAME.pattern})$", re.MULTILINE)
#: Its statements run one by one, and may be repeated: PostgreSQL refuses some in a transaction.
OUTSIDE = re.compile(r"^-- outside a transaction$", re.MULTILINE)
STATEMENT_END = re.compile(r";[ \t]*(?:\n|\Z)")


@dataclass(frozen=True)
class MigrationFile:
    """A migration of this version: its name and its text."""

    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The hash by which a database remembers the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def needs(self) -> str | None:
        """The migration that a version must have to work with the database after this one; None: any may."""
        found = NEEDS.search(self.text)
        return found[1] if found else None

    @property
    def is_outside(self) -> bool:
        """Whether it runs outside a transaction."""
        return OUTSIDE.search(self.text) is not None

    @property
    def text_alone(self) -> str:
        """The text where nobody else works with the database: all of it fits into a transaction then."""
        return self.text.replace(" concurrently ", " ") if self.is_outside else self.text

    def split(self) -> list[str]:
        """Return the statements of a migration that runs outside a transaction."""
        return [part for part in map(str.strip, STATEMENT_END.split(self.text)) if part]


@dataclass(frozen=True)
class AppliedMigration:
    """A migration that a database has; only versions that have the migration `needs` can work with it."""

    name: str
    sha256: str
    needs: str | None


@cache
def read_migrations() -> tuple[MigrationFile, ...]:
    """Return every migration of this version, in order; read once, as the code of a process is."""
    return tuple(
        sorted(
            (
                MigrationFile(file.name, file.read_text(encoding="utf-8"))
                for file in files("leadops.migrations").iterdir()
                if MIGRATION_NAME.fullmatch(file.name)
            ),
            key=lambda migration: migration.name,
        )
    )
