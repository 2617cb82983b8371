"""Reads what a won deal is worth, as the CRM says it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from leadops.lifecycle.kpi_contract import DealValueSettings
from leadops.normalization.blank_values import is_blank
from leadops.normalization.word_keys import make_word_key
from leadops.tabular.amounts import read_amount

#: The table keeps numeric(18, 2).
_BELOW = Decimal(10) ** 16
#: Characters of a value that cannot be read, which are kept as evidence.
LONGEST_EVIDENCE = 100


@dataclass(frozen=True)
class DealValue:
    """The value of a deal in the company's currency, and what was said where it cannot be read."""

    value: Decimal | None = None
    unreadable: str | None = None


def read_deal_value(details: dict[str, Any], settings: DealValueSettings) -> DealValue:
    """Return the first value in `details` that can be read; without any, the first text that cannot."""
    unreadable = None
    for given in _list_values(details, settings.details):
        said = given[0] if isinstance(given, list) and len(given) == 1 else given
        if is_blank(said):
            continue
        value = _read_value(said, settings)
        if value is not None:
            return DealValue(value)
        unreadable = unreadable or str(said)[:LONGEST_EVIDENCE]
    return DealValue(None, unreadable)


def _list_values(details: dict[str, Any], names: list[str]) -> Iterator[Any]:
    """Yield what `details` say under each of `names`, the same spelling first."""
    for name in names:
        key = make_word_key(name)
        if name in details:
            yield details[name]
        yield from (said for other, said in details.items() if other != name and make_word_key(other) == key)


def _read_value(said: Any, settings: DealValueSettings) -> Decimal | None:
    if isinstance(said, int | float) and not isinstance(said, bool):
        value: Decimal | None = Decimal(str(said))
    elif isinstance(said, str):
        value = read_amount(said, decimal=settings.decimal, marks=settings.currency_marks)
    else:
        return None
    if value is None or not value.is_finite() or not 0 <= value < _BELOW:
        return None
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
