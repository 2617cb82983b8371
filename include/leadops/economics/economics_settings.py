"""The settings of economics: config/economics.yaml."""

from datetime import date
from decimal import Decimal
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from leadops.settings import Settings


class HourRate(Settings):
    """What an hour of a salesperson costs from a month on."""

    since: date = Field(alias="from")
    rate: Decimal = Field(ge=0, max_digits=12, decimal_places=2)  # currency units an hour

    @field_validator("since")
    @classmethod
    def _first_of_a_month(cls, since: date) -> date:
        if since.day != 1:
            raise ValueError("must be the first day of a month, because costs are kept by month")
        return since


class EconomicsSettings(Settings):
    """config/economics.yaml."""

    renamed: ClassVar[dict[str, str]] = {
        "allot_by": "allocate_by",
        "ripe_share": "maturity_share",
        "ripe_min_won": "maturity_min_won",
        "ripe_days": "maturity_days",
    }

    months: int = Field(ge=1, le=240)
    sales_hour_rates: list[HourRate] = Field(min_length=1)
    allocate_by: Literal["mqls", "won", "own_line"]
    value_months: Decimal = Field(gt=0)  # months
    gross_margin: Decimal = Field(gt=0, le=1)  # part of the value
    maturity_share: float = Field(gt=0, lt=1)  # part of the deals
    maturity_min_won: int = Field(ge=1)  # deals
    maturity_days: int = Field(ge=0)  # days

    @field_validator("sales_hour_rates")
    @classmethod
    def _in_order(cls, rates: list[HourRate]) -> list[HourRate]:
        starts = [rate.since for rate in rates]
        if starts != sorted(set(starts)):
            raise ValueError("`from` must rise from each rate to the next")
        return rates

    def hour_rate(self, month: date) -> Decimal:
        """Return what an hour costs in `month`; the first rate covers everything before it too."""
        rates = [rate.rate for rate in self.sales_hour_rates if rate.since <= month]
        return rates[-1] if rates else self.sales_hour_rates[0].rate
