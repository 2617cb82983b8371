"""`leadops import costs`: rows become costs by month, category and campaign."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from leadops.economics.costs import Cost, check_cost, record_costs
from leadops.errors import PermanentError
from leadops.history.import_mapping import CostsMapping
from leadops.history.import_tables import find_known_origins
from leadops.history.lead_rows import read_name
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.rate_rows import read_code
from leadops.history.value_source import RowCells, ValueSource
from leadops.tabular.cells import read_number
from leadops.tabular.file_row import BadRowError

#: The namespace of origins made from a row's content; any constant.
CONTENT = UUID("5b0e9bd8-9d0f-49f4-8f5f-1d5d2f0a4be3")


class CostRows:
    """Reads and writes rows of costs."""

    def __init__(self, mapping: CostsMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self._seen: Counter[UUID] = Counter()
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> Cost:
        """Return what the row says; raise BadRowError.

        Without a reference its origin is its content and how many equal rows came before, so two equal
        costs of a file are two, and the same file again is the same.
        """
        mapping, task = self._mapping, self._task
        month = mapping.month.read(cells, zone=task.zone, now=task.now)
        if month is None:
            raise BadRowError(f"{', '.join(mapping.month.columns)}: no month")
        day = month.astimezone(mapping.month.own_zone(task.zone)).date().replace(day=1)
        facts = {
            "month": day,
            "category": read_name(mapping.category, cells) or "",
            "campaign": mapping.campaign.read_text(cells) if mapping.campaign else None,
            "amount": _read_amount(mapping.amount, cells),
            "currency": read_code(mapping.currency, cells),
            "hours": _read_amount(mapping.hours, cells),
            "note": read_name(mapping.note, cells) or "",
        }
        reference = read_name(mapping.reference, cells)
        if not reference:
            # A cost without a currency keeps the origin that it had before there were any.
            said = {name: fact for name, fact in facts.items() if name != "currency" or fact is not None}
            content = uuid5(CONTENT, json.dumps(said, default=str, sort_keys=True))
            reference = str(uuid5(content, str(self._seen[content])))
            self._seen[content] += 1
        try:
            cost = Cost(origin=f"import:{reference}", **facts)  # type: ignore[arg-type]  # by name
            return check_cost(cost, fold_case=task.fold_case)
        except PermanentError as error:
            raise BadRowError(str(error)) from None

    def keys(self, record: Cost) -> list[str]:
        """Return by what the row is known."""
        return [record.origin]

    def identify(self, record: Any) -> list[tuple[str, str, datetime]]:  # noqa: ARG002
        """A cost is about nobody."""
        return []

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Bring the rows into the tables; return what became of each."""
        connection = self._task.connection
        costs: list[Cost] = [row.record for row in rows]
        known = find_known_origins(connection, [cost.origin for cost in costs])
        answers: list[Answer] = []
        for cost in costs:
            changes = record_costs(connection, [cost], now=self._task.now, fold_case=self._task.fold_case)
            answers.append("known" if not changes else "changed" if cost.origin in known else "new")
            known.add(cost.origin)
        return answers


def _read_amount(source: ValueSource | None, cells: RowCells) -> Decimal | None:
    found = source.read(cells) if source else None
    return (
        None if found is None or source is None else read_number(found, ", ".join(source.columns) or "amount")
    )
