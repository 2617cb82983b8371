"""One file for each process that was started, so that a later command can find it, and only it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from leadops_stack.processes import birth_mark, family, works_under


@dataclass(frozen=True)
class Record:
    """A process that we started as the leader of a session of its own."""

    name: str
    order: int  # what was started later is stopped earlier
    pid: int
    mark: str
    folder: str  # its working folder
    stop_signal: int
    grace: float  # seconds it is given to stop

    def alive(self) -> bool:
        """Tell whether the process itself still runs."""
        return birth_mark(self.pid) == self.mark

    def members(self) -> list[int]:
        """Return the process and all that came from it and still runs; never another process.

        A number is not given again while its session lives, so what is left of a session whose leader is
        dead is ours, unless the whole session ended and another process with that number came and went: the
        working folder tells.
        """
        found = family(self.pid)
        if self.alive():
            return found
        if birth_mark(self.pid):
            return []
        return [pid for pid in found if works_under(pid, Path(self.folder))]


def write_record(folder: Path, record: Record) -> None:
    """Keep `record` in `folder`, in one step."""
    unfinished = folder / f".{record.name}.tmp"
    unfinished.write_text(json.dumps(asdict(record)))
    unfinished.replace(_path(folder, record.name))


def read_records(folder: Path) -> list[Record]:
    """Return the records in `folder`, the one to stop first at the front; a broken file is left out."""
    found = []
    for path in folder.glob("*.pid"):
        try:
            found.append(Record(**json.loads(path.read_text())))
        except (ValueError, TypeError):
            path.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.order, reverse=True)


def forget(folder: Path, name: str) -> None:
    """Remove the record of `name`."""
    _path(folder, name).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / f"{name}.pid"
