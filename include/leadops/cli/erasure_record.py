"""The file that holds a copy of the record of erasures, beside the backups."""

import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from leadops.db import Connection
from leadops.erased.erasures import ErasedIdentifier, Erasure, list_erasures, list_hashes
from leadops.errors import PermanentError

#: The fields of a saved record that are times.
TIMES = ("erased_at", "day_ends_at", "returned_at", "applied_at", "finished_at")


def write_record(connection: Connection, file: Path) -> None:
    """Write the record as JSON that only its owner may read; it holds hashes, no identifier."""
    body = {
        "erasures": [asdict(erasure) for erasure in list_erasures(connection)],
        "hashes": [asdict(each) for each in list_hashes(connection)],
    }
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8") as out:
        json.dump(body, out, default=lambda moment: moment.isoformat())


def read_record(file: Path) -> tuple[list[Erasure], list[ErasedIdentifier]]:
    """Return the record that `file` holds. Raises PermanentError where it holds none."""
    try:
        body = json.loads(file.read_text(encoding="utf-8"))
        erasures = [Erasure(**_read_times(each)) for each in body["erasures"]]
        hashes = [ErasedIdentifier(**_read_times(each)) for each in body["hashes"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise PermanentError(
            f"{file}: is not a record that `leadops erase --record` wrote ({type(error).__name__})"
        ) from error
    return erasures, hashes


def _read_times(row: dict[str, Any]) -> dict[str, Any]:
    return row | {name: datetime.fromisoformat(row[name]) for name in TIMES if isinstance(row.get(name), str)}
