"""Reads what a won deal is worth, as the CRM says it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from leadops.lifecycle.kpi_contract import DealValueSettings
from leadops.normalization.blank_values import is_blank
from leadops.normalization.currencies import list_marks, read_currency
from leadops.normalization.word_keys import make_word_key
from leadops.tabular.amounts import read_amount

#: The table keeps numeric(18, 2).
_BELOW = Decimal(10) ** 16
#: Characters of a value that cannot be read, which are kept as evidence.
LONGEST_EVIDENCE = 100


@dataclass(frozen=True)
class DealValue:
    """The value of a deal, and what was said where it cannot be read."""

    value: Decimal | None = None
    unreadable: str | None = None
    currency: str | None = None  # None: the company's


def read_deal_value(
    details: dict[str, Any], settings: DealValueSettings, *, company_currency: str | None = None
) -> DealValue:
    """Return the first value in `details` that can be read; without any, the first text that cannot.

    A value whose currency is said and is not one of ISO 4217 cannot be read.
    """
    said_currency = next(
        (said for given in _list_values(details, settings.currency) if not is_blank(said := _unwrap(given))),
        settings.default_currency,
    )
    currency = read_currency(said_currency)
    if said_currency is not None and currency is None:
        return DealValue(None, _find_unreadable(details, settings, said_currency))
    if currency == company_currency:
        currency = None
    marks = settings.currency_marks if currency is None else list_marks(currency)
    unreadable = None
    for given in _list_values(details, settings.details):
        said = _unwrap(given)
        if is_blank(said):
            continue
        value = _read_value(said, settings, marks)
        if value is not None:
            return DealValue(value, None, currency)
        unreadable = unreadable or str(said)[:LONGEST_EVIDENCE]
    return DealValue(None, unreadable)


def _find_unreadable(details: dict[str, Any], settings: DealValueSettings, currency: Any) -> str | None:
    """Return the value and the currency that is none; None where there is no value at all."""
    values = (_unwrap(given) for given in _list_values(details, settings.details))
    said = next((value for value in values if not is_blank(value)), None)
    return None if said is None else f"{said} {currency}"[:LONGEST_EVIDENCE]


def _list_values(details: dict[str, Any], names: list[str]) -> Iterator[Any]:
    """Yield what `details` say under each of `names`, the same spelling first."""
    for name in names:
        key = make_word_key(name)
        if name in details:
            yield details[name]
        yield from (said for other, said in details.items() if other != name and make_word_key(other) == key)


def _unwrap(said: Any) -> Any:
    return said[0] if isinstance(said, list) and len(said) == 1 else said


def _read_value(said: Any, settings: DealValueSettings, marks: list[str]) -> Decimal | None:
    if isinstance(said, int | float) and not isinstance(said, bool):
        value: Decimal | None = Decimal(str(said))
    elif isinstance(said, str):
        value = read_amount(said, decimal=settings.decimal, marks=marks)
    else:
        return None
    if value is None or not value.is_finite() or not 0 <= value < _BELOW:
        return None
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)
