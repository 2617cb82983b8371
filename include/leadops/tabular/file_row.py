"""One row of a file, and the error of a row that cannot be used."""

from dataclasses import dataclass, field
from typing import Any

from leadops.errors import PermanentError


@dataclass(frozen=True)
class FileRow:
    """A row's number, its cells by column, and what is wrong with it, if anything.

    Each reader says what it counts: lines of the file or rows, and which cells it keeps of a faulty row.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None


class BadRowError(PermanentError):
    """A row that cannot be used; `reason` quotes no value, the text at most one, shortened."""

    def __init__(self, reason: str, shown: object = None) -> None:
        self.reason = reason
        super().__init__(reason if shown is None else f"{reason}: {str(shown)[:40]!r}")
