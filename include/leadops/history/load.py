"""An export goes in, chunk by chunk; the same file again adds nothing, whole or cut off."""

from collections.abc import Callable
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import psycopg

from leadops.company import Company
from leadops.db import Connection
from leadops.errors import ConfigError, PermanentError
from leadops.history.cells import BadRow, Cells
from leadops.history.leads import Leads
from leadops.history.mapping import MAPPINGS, Mapping
from leadops.history.outcomes import Answer, Imported, Read, Refuse, Refused, Task
from leadops.history.rows import Row, read_rows
from leadops.history.transitions import Transitions
from leadops.identity.settings import IdentitySettings
from leadops.lifecycle.contract import KpiContract
from leadops.settings import load_config

CHUNK_ROWS = 5_000


class Kind(Protocol):
    """How rows of one kind are read and written; `impossible` counts what cannot be, and is in."""

    impossible: int

    def read(self, cells: Cells) -> Any:
        """Return what a row says; raise BadRow."""

    def write(self, rows: list[Read]) -> list[Answer]:
        """Bring rows into the tables; return what became of each."""


KINDS: dict[str, Callable[[Any, Task], Kind]] = {"leads": Leads, "transitions": Transitions}


def import_file(
    connection: Connection,
    *,
    kind: str,
    path: Path,
    mapping: Path | Mapping,
    now: datetime,
    zone: tzinfo | None = None,
    dry_run: bool = False,
    refuse: Refuse = lambda _: None,
    tell: Callable[[float], None] = lambda _: None,
    chunk_rows: int = CHUNK_ROWS,
) -> Imported:
    """Import the rows of `path` (CSV or Parquet) as `kind`: leads, transitions, activities or costs.

    `mapping` is a mapping file or what stands in it; `zone` is of times that name none, else the company's.
    Each chunk of rows is a transaction, so after a kill the same call goes on. A bad row goes to `refuse`,
    the others go in. With `dry_run` every chunk is undone: nothing is written. `tell` hears which part of
    the file was read (0 to 1). Raises ConfigError for a wrong mapping, PermanentError for a wrong file, in
    one line that says what to change.
    """
    if kind not in MAPPINGS:
        raise PermanentError(f"{kind}: import one of {', '.join(MAPPINGS)}")
    chosen = load_config("mapping", MAPPINGS[kind], path=mapping) if isinstance(mapping, Path) else mapping
    if not isinstance(chosen, MAPPINGS[kind]):
        raise ConfigError(f"the mapping is not one of {kind}")
    task = Task(
        connection,
        file=path.name,
        zone=zone or load_config("company", Company).zone,
        now=now,
        contract=load_config("kpi", KpiContract),
        blocked=frozenset(load_config("identity", IdentitySettings).blocked.email),
    )
    loader = KINDS[kind](chosen, task)
    counts = Imported()
    rows = read_rows(path, file=chosen.file, columns=chosen.columns, tell=tell)
    while chunk := list(islice(rows, chunk_rows)):
        _import_chunk(task, loader, chosen, chunk, counts, refuse, dry_run)
    counts.impossible = loader.impossible
    tell(1.0)
    return counts


def _import_chunk(
    task: Task,
    loader: Kind,
    mapping: Mapping,
    chunk: list[Row],
    counts: Imported,
    refuse: Refuse,
    dry_run: bool,
) -> None:
    understood: list[Read] = []
    answers: dict[int, Answer] = {}
    for place, row in enumerate(chunk):
        if row.fault:
            answers[place] = BadRow(row.fault)
            continue
        try:
            understood.append(Read(place, loader.read(mapping.cells(row.values, row.number))))
        except BadRow as error:
            answers[place] = error
    with task.connection.transaction() as transaction:
        written = loader.write(understood)
        if dry_run:
            raise psycopg.Rollback(transaction)
    answers |= {read.place: answer for read, answer in zip(understood, written, strict=True)}
    for place, row in enumerate(chunk):
        _count(counts, answers[place], row, refuse)


def _count(counts: Imported, answer: Answer, row: Row, refuse: Refuse) -> None:
    counts.rows += 1
    if isinstance(answer, BadRow):
        counts.refused += 1
        counts.reasons[answer.reason] += 1
        refuse(Refused(row.number, str(answer), row.values))
    else:
        setattr(counts, answer, getattr(counts, answer) + 1)
