"""What every warehouse can do with a table of a mart."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from leadops.errors import TransientError
from leadops.warehouse.mart_table import MartTable
from leadops.warehouse.partitions import FIRST, Fingerprints
from leadops.warehouse.read_marts import StagedRows


class QuotaUsedError(TransientError):
    """The warehouse takes no more for now; what it has taken stays, and the next run goes on from there."""


class WarehouseTarget(Protocol):
    """A place with a copy of the marts. A call may be repeated, and changes a table whole or not at all."""

    #: Whether bytes that a statement reads cost money.
    bills_bytes: bool

    def prepare(self, table: MartTable) -> bool:
        """Create the table, or add the columns that it lacks; return whether rows lie in it."""

    def read_promise(self, table: MartTable) -> int:
        """Return the change number up to which an export ever promised rows here; 0: never."""

    def promise(self, table: MartTable, last: int) -> None:
        """Remember, in the warehouse itself, that rows up to the change number `last` may follow."""

    def add(self, table: MartTable, rows: StagedRows, *, after: int, last: int) -> None:
        """Add the rows in (after, last]; those that are there already stay as they are."""

    def replace_partition(self, table: MartTable, rows: StagedRows, *, month: datetime, last: int) -> None:
        """Put `rows` in place of the whole month that `month` begins; `last`: as of which change number."""

    def replace_leads(
        self, table: MartTable, rows: StagedRows, *, lead_ids: Sequence[int], last: int
    ) -> None:
        """Put `rows` in place of every row of these leads; `last`: as of which change number."""

    def read_fingerprints(self, table: MartTable, *, since: datetime, until: datetime) -> Fingerprints:
        """Return the fingerprint of each month in [since, until)."""

    def tidy(self, table: MartTable) -> None:
        """Bring what many exports left into a form that is fast to read."""

    def estimate_add(self, table: MartTable, *, since: datetime, until: datetime) -> int:
        """Return the bytes that the warehouse would bill for adding rows of this time, without those rows."""

    def estimate_compare(self, table: MartTable, *, since: datetime = FIRST) -> int:
        """Return the bytes that the warehouse would bill for the fingerprints from the month `since` on."""
