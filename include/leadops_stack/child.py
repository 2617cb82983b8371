"""One running part: started with a record on disk, its log beside it."""

import subprocess
import time
from pathlib import Path

from leadops.errors import LeadopsError
from leadops_stack.part import Part
from leadops_stack.processes import birth_mark
from leadops_stack.records import Record, forget, write_record
from leadops_stack.stop import stop_record

#: A log that has grown past this many bytes is set aside; one older log is kept.
LOG_LIMIT = 20_000_000


class Child:
    """`part` as a process; `run` is the folder of records, `logs` that of logs, `order` its wave."""

    def __init__(self, part: Part, *, order: int, run: Path, logs: Path) -> None:
        self.part, self.order, self.run = part, order, run
        self.log = logs / f"{part.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.record: Record | None = None
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
        self.record = Record(
            name=self.part.name,
            order=self.order,
            pid=self.process.pid,
            mark=birth_mark(self.process.pid) or "",
            folder=str(self.part.folder),
            stop_signal=int(self.part.stop_signal),
            grace=self.part.grace,
        )
        write_record(self.run, self.record)

    def exit_code(self) -> int | None:
        """Return how it ended, None while it runs."""
        return self.process.poll() if self.process else None

    def stop(self) -> bool:
        """End it and all that came from it; tell whether force was needed."""
        forced = False
        if self.process and self.record:
            forced = stop_record(self.record, reap=self.process.poll)
            self.process.wait(timeout=10)
        forget(self.run, self.part.name)
        return forced

    def last_words(self) -> str:
        """Return the last line of the log and where the log is."""
        lines = [line for line in self.log.read_text(errors="replace").splitlines() if line.strip()]
        return f"{lines[-1].strip() if lines else 'it said nothing'} (log: {self.log})"

    def turn_log(self) -> None:
        """Set a large log aside. The process goes on writing to the emptied file."""
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.with_suffix(".log.1").write_bytes(self.log.read_bytes())
            with self.log.open("r+b") as log:
                log.truncate()
