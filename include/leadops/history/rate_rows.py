"""`leadops import rates`: rows become rates of currencies by month."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from leadops.errors import PermanentError
from leadops.history.import_mapping import RatesMapping
from leadops.history.outcomes import Answer, ImportTask, ParsedRow
from leadops.history.value_source import RowCells, ValueSource
from leadops.lifecycle.currency_rates import CurrencyRate, check_rate, record_rates
from leadops.lifecycle.revalue_deals import revalue_deals
from leadops.normalization.currencies import read_currency
from leadops.tabular.cells import read_number
from leadops.tabular.file_row import BadRowError


class RateRows:
    """Reads and writes rows of rates."""

    def __init__(self, mapping: RatesMapping, task: ImportTask) -> None:
        self._mapping, self._task = mapping, task
        self.impossible = 0
        self.without: Counter[str] = Counter()

    def read(self, cells: RowCells) -> CurrencyRate:
        """Return what the row says; raise BadRowError."""
        mapping, task = self._mapping, self._task
        month = mapping.month.read(cells, zone=task.zone, now=task.now)
        base, currency = read_code(mapping.base, cells), read_code(mapping.currency, cells)
        said = mapping.rate.read(cells)
        for name, value in (("month", month), ("base", base), ("currency", currency), ("rate", said)):
            if value is None:
                raise BadRowError(f"no {name}")
        number = read_number(said, ", ".join(mapping.rate.columns) or "rate")
        day = month.astimezone(mapping.month.own_zone(task.zone)).date()  # type: ignore[union-attr]  # checked above
        try:
            return check_rate(CurrencyRate(day, str(base), str(currency), Decimal(number)))
        except PermanentError as error:
            raise BadRowError(str(error)) from None

    def keys(self, record: CurrencyRate) -> list[str]:
        """Return by what the row is known."""
        return [f"{record.month}:{record.base}:{record.currency}"]

    def identify(self, record: CurrencyRate) -> list[tuple[str, str, datetime]]:  # noqa: ARG002
        """A rate is about nobody."""
        return []

    def write(self, rows: Sequence[ParsedRow]) -> list[Answer]:
        """Bring the rows into the tables, and value the deals of their months again."""
        task = self._task
        rates: list[CurrencyRate] = [row.record for row in rows]
        outcomes = record_rates(task.connection, rates, corrects=task.corrects, file=task.file, now=task.now)
        months = {
            rate.month for rate, outcome in zip(rates, outcomes, strict=True) if outcome in ("new", "changed")
        }
        if months:
            revalue_deals(task.connection, months, contract=task.contract, now=task.now)
        return [
            BadRowError(
                "the file has two rates for this month, base and currency"
                if task.corrects
                else "another rate is on record and stays; --correct replaces it"
            )
            if outcome == "differs"
            else outcome
            for outcome in outcomes
        ]


def read_code(source: ValueSource | None, cells: RowCells) -> str | None:
    """Return a code of ISO 4217, None where the cell says nothing; raise BadRowError for anything else."""
    said = source.read_text(cells) if source else None
    if said is None or source is None:
        return None
    code = read_currency(said)
    if code is None:
        raise BadRowError(f"{source.name or 'currency'}: is not a currency of ISO 4217, such as EUR", said)
    return code
