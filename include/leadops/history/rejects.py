"""The file of rejected rows, for a person to correct; created with its first row."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TextIO

from leadops.errors import PermanentError
from leadops.history.outcomes import RejectedRow

#: Characters of one cell that go to the file: enough to find the row, not the 10 MB for which it was refused.
LONGEST_CELL = 500


class Rejects:
    """One JSON object a line: row, reason, values, and is_in where the row is in but for what reason says.

    Only its owner may read it, for it holds personal data.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file:
            self._file.close()

    def add(self, refused: RejectedRow) -> None:
        """Write one row; raise PermanentError where the file cannot be written."""
        values = {name: _shorten(value) for name, value in refused.values.items()}
        try:
            self._file = self._file or self._open()
            body = asdict(refused) | {"values": values}
            if not refused.is_in:
                del body["is_in"]
            self._file.write(json.dumps(body, default=str) + "\n")
        except OSError as error:
            raise PermanentError(
                f"{self.path}: cannot be written ({error.strerror}); give another with --rejects"
            ) from error

    def _open(self) -> TextIO:
        handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        return open(handle, "w", encoding="utf-8")


def _shorten(value: object) -> object:
    if isinstance(value, str) and len(value) > LONGEST_CELL:
        return value[:LONGEST_CELL] + "…"
    return value
