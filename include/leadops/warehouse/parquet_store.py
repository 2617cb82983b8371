"""The files of the marts in a store that fsspec reaches: which count, how one gets in place, the promise."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from leadops.errors import PermanentError, TransientError
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.month_file import MONTH, MonthFile, parse_path
from leadops.warehouse.partitions import name_month

PROMISE = "_promised"


class ParquetStore:
    """The store that `url` names; `options` go to fsspec. Raises PermanentError where it cannot be opened."""

    def __init__(self, url: str, *, options: Mapping[str, Any] | None = None) -> None:
        import fsspec

        try:
            self._store, self._root = fsspec.core.url_to_fs(url, **(options or {}))
        except (ImportError, ValueError) as error:
            raise PermanentError(f"the store {url.split(':')[0]} cannot be opened: {error}") from error

    def list_files(
        self, table: MartTable, *, month: datetime | None = None, all_files: bool = False
    ) -> list[MonthFile]:
        """Return the files that count, of a month or all; with `all_files` those that others replaced too."""
        pattern = self.find_path(table, f"{MONTH}={name_month(month) if month else '*'}/*.parquet")
        with store_errors():
            self._store.invalidate_cache()
            paths = self._store.glob(pattern)
        files = sorted(file for path in paths if (file := parse_path(path)))
        if all_files:
            return files
        return [file for file in files if not any(other.replaces(file) for other in files)]

    def find_path(self, table: MartTable, name: str = "") -> str:
        """Return the path of a name within the table's folder."""
        return "/".join(part for part in (self._root.rstrip("/"), table.relation, name) if part)

    def put(self, table: MartTable, file: MonthFile, path: Path) -> None:
        """Put a local file in its place at once, nobody sees a part of it; delete those that it replaces."""
        place = self.find_path(table, file.name)
        unready = f"{place}.unready"
        with store_errors():
            self._store.makedirs(place.rpartition("/")[0], exist_ok=True)
            self._store.put_file(str(path), unready)
            self._store.mv(unready, place)
        present = self.list_files(table, month=file.month, all_files=True)
        self.delete(table, [other for other in present if file.replaces(other)])

    def delete(self, table: MartTable, files: Sequence[MonthFile]) -> None:
        """Delete these files."""
        with store_errors():
            for file in files:
                self._store.rm_file(self.find_path(table, file.name))

    @contextmanager
    def open(self, table: MartTable, file: MonthFile) -> Iterator[Any]:
        """Open a file to read it."""
        with store_errors(), self._store.open(self.find_path(table, file.name), "rb") as source:
            yield source

    def read_promise(self, table: MartTable) -> int:
        """Return the number in the file _promised beside the months; 0: there is none."""
        path = self.find_path(table, PROMISE)
        with store_errors():
            return int(self._store.cat_file(path)) if self._store.exists(path) else 0

    def write_promise(self, table: MartTable, last: int) -> None:
        """Write the file _promised. After a step back, no file may claim numbers that are still to come."""
        is_back = last < self.read_promise(table)
        with store_errors():
            for file in self.list_files(table) if is_back else ():
                if file.last > last:
                    fitting = MonthFile(file.month, min(file.after, last), last)
                    self._store.mv(self.find_path(table, file.name), self.find_path(table, fitting.name))
            self._store.makedirs(self.find_path(table), exist_ok=True)
            self._store.pipe_file(self.find_path(table, PROMISE), str(last).encode())


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn the errors of a store into ours, in one line and without its words: they may hold keys."""
    try:
        yield
    except PermissionError as error:
        raise PermanentError("the store of the marts refuses: check its credentials and rights") from error
    except OSError as error:
        raise TransientError(f"the store of the marts does not answer ({type(error).__name__})") from error
