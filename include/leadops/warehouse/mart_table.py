"""What of a mart goes to a warehouse: which relation is read, by which change number, with which columns."""

import re
from dataclasses import dataclass
from functools import cached_property

from leadops.errors import PermanentError
from leadops.marts.mart_contract import History, Mart, MartContract
from leadops.warehouse.column_types import ColumnType, find_type

NAME = re.compile(r"[a-z][a-z0-9_]*")
SCHEMA = "mart"
CHANGE_NUMBER = "change_number"
#: What a version says of itself, before the columns of the mart (leadops.marts).
VERSION_COLUMNS = {CHANGE_NUMBER: "bigint", "version": "integer", "is_deleted": "boolean"}


@dataclass(frozen=True)
class TableColumn:
    """A column of a table in the warehouse."""

    name: str
    type: ColumnType
    description: str
    may_be_null: bool


@dataclass(frozen=True)
class MartTable:
    """A table of the warehouse: all versions of a mart that has some, or its rows.

    `number` is the column by which changes are numbered in the order of commits; None for a mart that shows
    what is known now and no more, whose partitions are compared and replaced.
    """

    mart: Mart
    relation: str
    number: str | None
    columns: tuple[TableColumn, ...]

    @property
    def moment(self) -> str:
        """The column whose month is the partition."""
        return self.mart.config.event_time

    @property
    def names(self) -> list[str]:
        """The names of the columns in their order."""
        return [column.name for column in self.columns]

    @property
    def has_versions(self) -> bool:
        """Whether rows follow one another; readers then take the view with the mart's own name."""
        return self.relation != self.mart.name

    @property
    def names_leads(self) -> bool:
        """Whether its rows follow an erasure of their lead."""
        return "lead_id" in self.names

    @cached_property
    def cluster(self) -> list[str]:
        """The columns by which a warehouse sorts the rows of a partition: up to four of the key."""
        return list(self.mart.meta.key[:4])


def list_tables(contract: MartContract, *, personal: bool) -> list[MartTable]:
    """Return the tables of the marts, without personal ones unless `personal`.

    Raises PermanentError where a name or a type of the contract cannot go to a warehouse.
    """
    return [make_table(mart) for mart in contract.marts.values() if personal or not mart.meta.personal]


def make_table(mart: Mart) -> MartTable:
    """Return the table of a mart.

    A personal mart keeps no versions that were followed, so its rows go as they are now.
    """
    history = History.LIVE if mart.meta.personal else mart.meta.history
    columns = [
        TableColumn(column.name, find_type(column.data_type), column.description, column.may_be_null)
        for column in mart.columns
    ]
    relation, number = mart.name, None
    if history is History.VERSIONS:
        relation, number = mart.relations[-1], CHANGE_NUMBER
        versions = [
            TableColumn(name, find_type(data_type), VERSION_MEANINGS[name], may_be_null=False)
            for name, data_type in VERSION_COLUMNS.items()
        ]
        columns = [*versions, *columns]
    elif history is History.APPEND_ONLY:
        number = mart.meta.key[0]
    table = MartTable(mart, relation, number, tuple(columns))
    for name in (mart.name, relation, *table.names):
        if not NAME.fullmatch(name):
            raise PermanentError(f"{name!r} of the contract is not a name that a warehouse takes")
    return table


VERSION_MEANINGS = {
    CHANGE_NUMBER: "The order of commits; unique within the mart",
    "version": "1 for what was known first; each correction follows with the next",
    "is_deleted": "The row does not exist any more; it shows what it said last",
}
