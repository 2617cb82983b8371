"""One running part: started with a record on disk, its log beside it."""

import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from leadops.errors import LeadopsError
from leadops_stack.cpu import spent
from leadops_stack.part import Part
from leadops_stack.patience import Patience
from leadops_stack.processes import birth_mark
from leadops_stack.records import Record, forget, write_record
from leadops_stack.stop import stop_record

#: A log that has grown past this many bytes is set aside; one older log is kept.
LOG_LIMIT = 20_000_000
#: Bytes at the end of a log among which its last line is looked for.
TAIL = 20_000


class Child:
    """`part` as a process; `run` is the folder of records, `logs` that of logs, `order` its wave."""

    def __init__(self, part: Part, *, order: int, run: Path, logs: Path) -> None:
        self.part, self.order, self.run = part, order, run
        self.log = logs / f"{part.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.record: Record | None = None
        self.is_recorded = False
        self.started_at = 0.0

    def start(self) -> None:
        """Start the process in a session of its own; raise LeadopsError when the program cannot be run."""
        self.turn_log()
        account = self.part.account.popen_options() if self.part.account else {}
        try:
            with self.log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.part.command,
                    cwd=self.part.folder,
                    env=dict(self.part.env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    **account,
                )
        except OSError as error:
            raise LeadopsError(f"{self.part.name} cannot be started: {error}") from error
        self.started_at = time.monotonic()
        self.is_recorded = False
        self.record = Record(
            name=self.part.name,
            order=self.order,
            pid=self.process.pid,
            mark=birth_mark(self.process.pid) or "",
            folder=str(self.part.folder),
            stop_signal=int(self.part.stop_signal),
            grace=self.part.grace,
        )
        self.keep_record()
        self.patience = Patience(
            self.part.patience,
            spent=self.cpu_seconds,
            grown=self._log_size if self.part.once else lambda: 0,
        )

    def keep_record(self) -> None:
        """Keep the record of the process on disk, unless it is there; a disk without room gets it later."""
        if self.record and not self.is_recorded:
            with suppress(OSError):
                write_record(self.run, self.record)
                self.is_recorded = True

    def cpu_seconds(self) -> float:
        """Return the CPU time that it and all that came from it have used."""
        return spent(self.record.members()) if self.record else 0.0

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self, *, grace: float | None = None) -> bool:
        """End it and all that came from it; tell whether force was needed.

        It has `grace` seconds before force, or as long as the part says.
        """
        forced = False
        if self.process and self.record:
            record = self.record if grace is None else replace(self.record, grace=grace)
            forced = stop_record(record, reap=self.process.poll)
            self.process.wait(timeout=10)
        forget(self.run, self.part.name)
        self.is_recorded = True  # nothing is left to be kept
        return forced

    def last_words(self) -> str:
        """Return the last line of the log and where the log is."""
        return f"{self.last_line()} (log: {self.log})"

    def last_line(self) -> str:
        """Return the last line of the log."""
        with self.log.open("rb") as log:
            log.seek(max(0, self._log_size() - TAIL))
            lines = [line for line in log.read().decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip() if lines else "it said nothing"

    def _log_size(self) -> int:
        return self.log.stat().st_size

    def turn_log(self) -> None:
        """Set a large log aside. The process goes on writing to the emptied file.

        On a disk without room for it the older log goes, and the log is set aside another time.
        """
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            older = self.log.with_suffix(".log.1")
            try:
                older.write_bytes(self.log.read_bytes())
                with self.log.open("r+b") as log:
                    log.truncate()
            except OSError:
                older.unlink(missing_ok=True)
