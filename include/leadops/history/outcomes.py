"""The outcome of each row of an import."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Literal, NamedTuple

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter
from leadops.identity.identity_settings import IdentitySettings
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.tabular.file_row import BadRowError

#: new: something was added; changed: something known was made more exact; known: nothing to do; empty: the
#: row holds nothing of this kind.
Outcome = Literal["new", "changed", "known", "empty"]


@dataclass
class ImportResult:
    """Counts of rows: `reasons` says why how many were refused; `impossible` ones cannot be, and are in.

    `remarks` says what is wrong with rows that are in, `without` in how many rows an attribute has no value.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    known: int = 0
    empty: int = 0
    refused: int = 0
    impossible: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    remarks: Counter[str] = field(default_factory=Counter)
    without: Counter[str] = field(default_factory=Counter, compare=False)


@dataclass(frozen=True)
class RejectedRow:
    """A row that is not in: its number (in a CSV the line on which it begins), why, and its cells.

    With `is_in` the row is in, but for what `reason` says.
    """

    row: int
    reason: str
    values: dict[str, Any]
    is_in: bool = False


@dataclass(frozen=True)
class ImportTask:
    """All that the reading and writing of rows needs beside the rows."""

    connection: Connection
    file: str  # the file's name, for the evidence
    zone: tzinfo  # of times that name none
    now: datetime  # UTC
    contract: KpiContract
    fold_case: bool  # names of campaigns and sources that differ only in case are one
    identity: IdentitySettings  # which addresses tie nothing, and what merges leads
    erased: ErasedFilter = field(default_factory=ErasedFilter)  # whose rows are refused
    is_rehearsal: bool = False  # all that is written will be undone
    corrects: bool = False  # rates replace those on record


class ParsedRow(NamedTuple):
    """A row that was understood: its place in the chunk, what it says in the words of its kind, remarks."""

    place: int
    record: Any
    remarks: Sequence[str] = ()


#: What one row came to: an outcome, or why it cannot be in.
Answer = Outcome | BadRowError
#: Called with each rejected row.
Refuse = Callable[[RejectedRow], None]
