"""A program: exports to a folder, in one process after the other, each of which is killed one step later.

    python -m tests.warehouse.killed_exports DATABASE_URL FOLDER

A step is a file that is opened, moved or deleted there, a copy that is half written, a promise or a note in
the database, before and after. It ends when an export comes to its end, and prints how many were killed.
"""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet  # noqa: F401  # once here and not in each process

from leadops.db import connect
from leadops.warehouse import export_marts
from leadops.warehouse.named_warehouse import Warehouse
from leadops.warehouse.parquet_target import ParquetTarget
from leadops.warehouse.run_warehouses import export_warehouses
from tests.warehouse.story import clock

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir", "shutil.copyfile"}


class Steps:
    """Counts steps, and kills this process at the one with the number `last`."""

    def __init__(self, folder: str, last: int) -> None:
        self.folder, self.last, self.count = folder, last, 0

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take an event of Python's own audit for a step, if it is about the folder."""
        if event in EVENTS and any(str(each).startswith(self.folder) for each in arguments[:2]):
            if event == "shutil.copyfile" and self.count + 1 == self.last:
                content = Path(arguments[0]).read_bytes()
                os.write(os.open(arguments[1], os.O_CREAT | os.O_WRONLY), content[: len(content) // 2])
            self.take()

    def take(self) -> None:
        """Count a step, or die."""
        self.count += 1
        if self.count >= self.last:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, known: Callable[..., Any]) -> Callable[..., Any]:
        """Return `known` with a step before and after it."""

        def call(*arguments: Any, **named: Any) -> Any:
            self.take()
            result = known(*arguments, **named)
            self.take()
            return result

        return call


def main() -> None:
    """Fork and kill until an export comes to its end."""
    url, folder = sys.argv[1:]
    for last in range(1, 10_000):
        child = os.fork()
        if child == 0:
            steps = Steps(folder, last)
            for name in ("promise_rows", "note_sent"):
                setattr(export_marts, name, steps.around(getattr(export_marts, name)))
            with connect(url) as connection:
                warehouse = Warehouse("folder", ParquetTarget(folder))
                sys.addaudithook(steps.see)
                export_warehouses(connection, [warehouse], piece_rows=4, clock=clock, mart="ledger")
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if os.WIFEXITED(status):
            sys.stdout.write(f"{last - 1}\n" if status == 0 else "an export failed")
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


if __name__ == "__main__":
    main()
