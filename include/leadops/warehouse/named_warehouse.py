"""A warehouse by its name in warehouse.yaml: where its marts lie, personal ones apart."""

from dataclasses import dataclass

from leadops.errors import PermanentError
from leadops.marts.mart_contract import read_contract
from leadops.warehouse.mart_table import MartTable, list_tables
from leadops.warehouse.warehouse_target import WarehouseTarget


@dataclass(frozen=True)
class Warehouse:
    """A warehouse; `personal`: where marts with personal data lie, None: they are not exported."""

    name: str
    target: WarehouseTarget
    personal: WarehouseTarget | None = None

    def list_tables(self) -> list[MartTable]:
        """Return the tables that go there, by the contract of the marts."""
        return list_tables(read_contract(), personal=self.personal is not None)

    def target_for(self, table: MartTable) -> WarehouseTarget:
        """Return where a table lies."""
        if not table.mart.meta.personal:
            return self.target
        if self.personal is None:
            raise PermanentError(f"{table.mart.name} is personal, and {self.name} has no place for that")
        return self.personal
