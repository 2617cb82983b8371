"""Rates of currencies by month: what is on record stays, so that what is decided stays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.normalization.currencies import count_digits, read_currency
from leadops.queries import Queries

queries = Queries(__file__, topic="sales_stages")

#: The table keeps numeric(24, 12).
_RATE_BELOW, _SMALLEST_RATE = Decimal(10) ** 12, Decimal(1).scaleb(-12)
_AMOUNT_BELOW = Decimal(10) ** 16


#: Of rates that are not on record.
FIRST = datetime.min.replace(tzinfo=UTC)


class CurrencyRate(NamedTuple):
    """In a month one unit of `base` was worth `rate` units of `currency`."""

    month: date  # its first day
    base: str
    currency: str
    rate: Decimal
    recorded_at: datetime = FIRST  # when the month's first rate of these two came (UTC)


@dataclass(frozen=True)
class ConvertedAmount:
    """An amount in the company's currency, and what one unit of the other currency was worth in it."""

    value: Decimal
    rate: Decimal


def check_rate(rate: CurrencyRate) -> CurrencyRate:
    """Return `rate` with the first day of its month; raise PermanentError where it cannot be kept."""
    for name, code in (("base", rate.base), ("currency", rate.currency)):
        if read_currency(code) != code:
            raise PermanentError(f"{name} is not a currency of ISO 4217, such as EUR")
    if rate.base == rate.currency:
        raise PermanentError("base and currency are the same")
    if not rate.rate.is_finite() or not _SMALLEST_RATE <= rate.rate < _RATE_BELOW:
        raise PermanentError("the rate is not a number above 0 that can be kept")
    return rate._replace(month=rate.month.replace(day=1), rate=round(rate.rate, 12))


class RateTable:
    """Converts amounts into one currency by the rates of their month."""

    def __init__(self, rates: Iterable[CurrencyRate], *, currency: str) -> None:
        """Take `rates` of any base; `currency` is the company's."""
        self.currency = currency
        self._months: dict[date, dict[str, dict[str, CurrencyRate]]] = {}
        for rate in rates:
            bases = self._months.setdefault(rate.month, {})
            one = CurrencyRate(rate.month, rate.base, rate.base, Decimal(1))
            bases.setdefault(rate.base, {rate.base: one})[rate.currency] = rate

    def convert(self, amount: Decimal, currency: str, month: date) -> ConvertedAmount | None:
        """Return `amount` of `currency` at the rate of `month`; None without a rate, or if it is too large.

        The rate is that of a base that knows both currencies: the one that did first, so that a base that
        comes later changes nothing; of several the company's currency, else the other one, else the first by
        name. The value is rounded half up to the digits that the company's currency has.
        """
        ways = [
            (
                max(units[currency].recorded_at, units[self.currency].recorded_at),
                base != self.currency,
                base != currency,
                base,
            )
            for base, units in self._months.get(month.replace(day=1), {}).items()
            if currency in units and self.currency in units
        ]
        if not ways:
            return None
        units = self._months[month.replace(day=1)][min(ways)[-1]]
        into, out_of = units[self.currency].rate, units[currency].rate
        value = amount * into / out_of  # not by the rate, which is rounded where it does not end
        if abs(value) >= _AMOUNT_BELOW:
            return None
        digits = Decimal(1).scaleb(-count_digits(self.currency))
        return ConvertedAmount(value.quantize(digits, ROUND_HALF_UP), round(into / out_of, 12).normalize())

    def value_deal(
        self, amount: Decimal, currency: str, month: date
    ) -> tuple[Decimal | None, dict[str, str]]:
        """Return what a deal is worth and its evidence; without a rate it has no value."""
        converted = self.convert(amount, currency, month)
        evidence = {"amount": str(amount), "currency": currency}
        if converted is None:
            return None, evidence
        return converted.value, evidence | {"rate": f"{converted.rate:f}"}


def read_rates(connection: Connection, *, currency: str) -> RateTable:
    """Return all rates on record, into `currency`."""
    return RateTable(queries.all(connection, "list_rates", CurrencyRate), currency=currency)


def find_month(moment: datetime, zone: tzinfo) -> date:
    """Return the first day of the month in which `moment` lies in `zone`."""
    return moment.astimezone(zone).date().replace(day=1)


RateOutcome = Literal["new", "changed", "known", "differs"]


class StoredRate(NamedTuple):
    """A rate of a file that is on record now: whether it is new, or replaced another one."""

    month: date
    base: str
    currency: str
    is_new: bool


def record_rates(
    connection: Connection, rates: Sequence[CurrencyRate], *, corrects: bool, file: str, now: datetime
) -> list[RateOutcome]:
    """Record checked `rates` in the caller's transaction; return for each what became of it.

    A rate that is on record stays, so that what it decided stays; another one for it "differs". Only with
    `corrects` does it replace the one on record. Leads with a deal of these months in another currency are
    evaluated again: those of the CRM by the next qualify.
    """
    rows = [_write_rate(rate) for rate in rates]
    stored = {
        (rate.month, rate.base, rate.currency): rate.is_new
        for rate in queries.all(
            connection, "upsert_rates", StoredRate, rows=Jsonb(rows), corrects=corrects, file=file, now=now
        )
    }
    on_record = {
        rate[:3]: rate.rate
        for rate in queries.all(connection, "list_recorded", CurrencyRate, rows=Jsonb(rows))
    }
    outcomes: list[RateOutcome] = []
    for rate in rates:
        if on_record.get(rate[:3]) != rate.rate:
            outcomes.append("differs")
        else:
            is_new = stored.pop(rate[:3], None)
            outcomes.append("known" if is_new is None else "new" if is_new else "changed")
    return outcomes


def _write_rate(rate: CurrencyRate) -> dict[str, str]:
    return {
        "month": rate.month.isoformat(),
        "base": rate.base,
        "currency": rate.currency,
        "rate": str(rate.rate),
    }
