"""An export goes in, chunk by chunk; the same file again adds nothing, whole or cut off."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import psycopg

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.erased.erasures import find_kept_out
from leadops.errors import ConfigError, PermanentError
from leadops.history.activity_rows import ActivityRows
from leadops.history.cost_rows import CostRows
from leadops.history.file_rows import read_rows
from leadops.history.import_mapping import MAPPINGS, ImportMapping
from leadops.history.import_tables import has_unread_activities
from leadops.history.lead_rows import LeadRows
from leadops.history.outcomes import Answer, ImportResult, ImportTask, ParsedRow, Refuse, RejectedRow
from leadops.history.rate_rows import RateRows
from leadops.history.rehearsal import Rehearsal
from leadops.history.stage_rows import StageRows
from leadops.history.threshold_rows import ThresholdRows
from leadops.history.value_source import RowCells
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.qualify import qualify_leads
from leadops.locks import Lock, hold_lock
from leadops.subscribers import SUBSCRIBERS
from leadops.tabular.file_row import BadRowError, FileRow

CHUNK_ROWS = 5_000
#: Why a row about somebody erased is refused.
ERASED = "erased"


class RowLoader(Protocol):
    """How rows of one kind are read and written; `impossible` counts what cannot be, and is in.

    `without` counts by attribute the rows that have no value of it.
    """

    impossible: int
    without: Counter[str]

    def read(self, cells: RowCells) -> Any:
        """Return what a row says; raise BadRowError."""

    def keys(self, record: Any) -> list[str]:
        """Return by what a row is known; with one of them known it is not new."""

    def identify(self, record: Any) -> list[tuple[str, str, datetime]]:
        """Return the person's identifiers in a row (kind, value), each with when the row says it happened."""

    def write(self, rows: list[ParsedRow]) -> list[Answer]:
        """Bring rows into the tables; return what became of each."""


KINDS: dict[str, Callable[[Any, ImportTask], RowLoader]] = {
    "leads": LeadRows,
    "transitions": StageRows,
    "activities": ActivityRows,
    "costs": CostRows,
    "rates": RateRows,
    "thresholds": ThresholdRows,
}


def import_file(
    connection: Connection,
    *,
    kind: str,
    path: Path,
    mapping: ImportMapping,
    zone: tzinfo,
    contract: KpiContract,
    fold_case: bool,
    identity: IdentitySettings,
    now: datetime,
    dry_run: bool = False,
    corrects: bool = False,
    refuse: Refuse = lambda _: None,
    tell: Callable[[float], None] = lambda _: None,
    chunk_rows: int = CHUNK_ROWS,
    erased: ErasedFilter | None = None,
) -> ImportResult:
    """Import the rows of `path` (CSV or Parquet) as `kind`: one of MAPPINGS.

    `mapping` says which column is what; `zone` is of times that name none; with `fold_case` campaigns and
    sources that differ only in case are one.
    Each chunk of rows is a transaction, so after a kill the same call goes on. A bad row goes to `refuse`,
    the others go in; so does one about somebody whom `erased` recognises, without its cells. Rates that are
    on record stay, unless the file `corrects` them. With `dry_run` every chunk is undone: nothing is written.
    `tell` hears which part of the file was read (0 to 1). Raises ConfigError for a wrong mapping,
    PermanentError for a wrong file, in one line that says what to change.
    """
    if kind not in MAPPINGS:
        raise PermanentError(f"{kind}: import one of {', '.join(MAPPINGS)}")
    if not isinstance(mapping, MAPPINGS[kind]):
        raise ConfigError(f"the mapping is not one of {kind}")
    if corrects and kind != "rates":
        raise PermanentError("only rates are corrected; an export of another kind says its new values itself")
    task = ImportTask(
        connection,
        file=path.name,
        zone=zone,
        now=now,
        contract=contract,
        fold_case=fold_case,
        identity=identity,
        is_rehearsal=dry_run,
        corrects=corrects,
        erased=erased or ErasedFilter(),
    )
    loader = KINDS[kind](mapping, task)
    importing = _Import(task, loader, mapping, refuse, Rehearsal(connection) if dry_run else None)
    rows = read_rows(path, file=mapping.file, columns=mapping.columns, tell=tell)
    while chunk := list(islice(rows, chunk_rows)):
        importing.take(chunk)
    tell(1.0)
    return importing.finish()


class _Import:
    """One file on its way in."""

    def __init__(
        self,
        task: ImportTask,
        loader: RowLoader,
        mapping: ImportMapping,
        refuse: Refuse,
        rehearsal: Rehearsal | None,
    ) -> None:
        self._task, self._loader, self._mapping = task, loader, mapping
        self._refuse, self._rehearsal = refuse, rehearsal
        self._counts = ImportResult()

    def take(self, chunk: list[FileRow]) -> None:
        """Bring the rows in, in one transaction, or see what would become of them."""
        understood: list[ParsedRow] = []
        answers: dict[int, Answer] = {}
        for place, row in enumerate(chunk):
            if row.fault:
                answers[place] = BadRowError(row.fault)
                continue
            try:
                cells = self._mapping.cells(row.values, row.number)
                understood.append(ParsedRow(place, self._loader.read(cells), cells.remarks))
            except BadRowError as error:
                answers[place] = error
        written = self._write(understood)
        answers |= {read.place: answer for read, answer in zip(understood, written, strict=True)}
        remarks = {read.place: read.remarks for read in understood}
        for place, row in enumerate(chunk):
            self._count(answers[place], row, remarks.get(place, ()))

    def finish(self) -> ImportResult:
        """Return the counts."""
        if self._rehearsal:
            self._rehearsal.close()
        self._counts.impossible = self._loader.impossible
        self._counts.without = self._loader.without
        return self._counts

    def _write(self, rows: list[ParsedRow]) -> list[Answer]:
        with self._task.connection.transaction() as transaction:
            gone = self._find_erased(rows)
            rest = [row for row in rows if row.place not in gone]
            written = iter(self._loader.write(rest))
            answers = [BadRowError(ERASED) if row.place in gone else next(written) for row in rows]
            if self._rehearsal:
                raise psycopg.Rollback(transaction)
            self._follow_sales()
        if self._rehearsal:
            came_before = self._rehearsal.add([self._loader.keys(row.record) for row in rows])
            for place, known in enumerate(came_before):
                if known and answers[place] == "new":
                    answers[place] = "known"
        return answers

    def _find_erased(self, rows: list[ParsedRow]) -> set[int]:
        """Return the places of rows about somebody erased; until the transaction ends no erasure begins."""
        connection = self._task.connection
        hold_lock(connection, Lock.LEAD_IMPORT)
        asked = {row.place: self._loader.identify(row.record) for row in rows}
        every = [identifier for identifiers in asked.values() for identifier in identifiers]
        gone = find_kept_out(connection, self._task.erased, every, is_proven=True)
        return {place for place, identifiers in asked.items() if gone & {each[:2] for each in identifiers}}

    def _follow_sales(self) -> None:
        """Let lifecycle read what sales did long ago at once: unread, it would hold the clocks of today."""
        if has_unread_activities(self._task.connection):
            qualify_leads(
                self._task.connection,
                contract=self._task.contract,
                subscribers=SUBSCRIBERS,
                fold_case=self._task.fold_case,
                now=self._task.now,
            )

    def _count(self, answer: Answer, row: FileRow, remarks: Sequence[str]) -> None:
        counts = self._counts
        counts.rows += 1
        if isinstance(answer, BadRowError):
            counts.refused += 1
            counts.reasons[answer.reason] += 1
            values = {} if answer.reason == ERASED else row.values
            self._refuse(RejectedRow(row.number, str(answer), values))
            return
        setattr(counts, answer, getattr(counts, answer) + 1)
        for remark in remarks:
            counts.remarks[remark] += 1
            self._refuse(RejectedRow(row.number, remark, row.values, is_in=True))
