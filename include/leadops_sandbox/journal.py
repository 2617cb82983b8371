"""The sandbox's memory on disk: one line of JSON per effect, written before the effect is answered.

A write to a file survives the death of the process, so nothing answered is lost to `kill -9`; a line cut
short by it was never answered, and is cut off when the file is opened again. One batch is one line: it is
there whole or not at all. The file is not forced to the platter, so losing power is outside the promise.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson

Record = dict[str, Any]


class Place(NamedTuple):
    """Where a record lies in the file, in bytes."""

    offset: int
    length: int


class JournalBusyError(RuntimeError):
    """Another sandbox has the same state folder open."""


class Journal:
    """An append-only file of records, owned by one process at a time."""

    def __init__(self, path: Path) -> None:
        """Open or create `path`; raise JournalBusyError when another process has it open."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise JournalBusyError(
                f"{path.parent} is in use by another sandbox; give each its own"
            ) from error
        self._end = os.fstat(self._file).st_size

    def replay(self) -> Iterator[tuple[Record, Place]]:
        """Yield every whole record from the first on, and cut off a last one that was never finished."""
        offset = 0
        with self.path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                yield orjson.loads(line), Place(offset, len(line))
                offset += len(line)
        os.ftruncate(self._file, offset)
        self._end = offset

    @property
    def size(self) -> int:
        """How long the file is, in bytes."""
        return self._end

    def rewrite(self, records: Iterable[Record]) -> None:
        """Put `records` in the place of all there were; killed on the way, the old ones are still there."""
        new = self.path.with_name(f"{self.path.name}.new")
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with os.fdopen(os.dup(file), "wb") as lines:
                for record in records:
                    lines.write(orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE))
            new.replace(self.path)
        except BaseException:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._end = file, os.fstat(file).st_size

    def append(self, record: Record) -> Place:
        """Write one record and return its place; raise OSError, nothing written, when the disk is full."""
        line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        written = 0
        try:
            while written < len(line):
                written += os.pwrite(self._file, line[written:], self._end + written)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        place = Place(self._end, len(line))
        self._end += len(line)
        return place

    def read(self, place: Place) -> Record:
        """Return the record at `place`."""
        record: Record = orjson.loads(os.pread(self._file, place.length, place.offset))
        return record

    def close(self) -> None:
        """Give the file up; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
