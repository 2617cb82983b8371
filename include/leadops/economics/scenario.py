"""What if: deals won and revenue a month from MQLs, rates and deal size; every input may be a range."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, DivisionByZero, InvalidOperation
from typing import Any

from leadops.errors import PermanentError


@dataclass(frozen=True)
class Inputs:
    """One situation; all figures are for one month."""

    mqls: Decimal
    sql_rate: Decimal  # SQLs per MQL, 0 to 1
    win_rate: Decimal  # won deals per SQL, 0 to 1
    acv: Decimal  # value of a won deal, in the company's currency
    cost: Decimal | None = None  # spent, in the company's currency

    @property
    def sqls(self) -> Decimal:
        """SQLs a month."""
        return self.mqls * self.sql_rate

    @property
    def won(self) -> Decimal:
        """Won deals a month: MQLs · SQL rate · win rate."""
        return self.sqls * self.win_rate

    @property
    def revenue(self) -> Decimal:
        """Value of the deals won in a month."""
        return self.won * self.acv

    @property
    def cac(self) -> Decimal | None:
        """Cost of a won deal; None without a cost or without a deal."""
        return None if self.cost is None or not self.won else self.cost / self.won

    def figures(self) -> dict[str, Decimal | None]:
        """Return the inputs and what follows from them, by name."""
        return asdict(self) | {
            "sqls": self.sqls,
            "won": self.won,
            "revenue": self.revenue,
            "cac": self.cac,
        }


NAMES = ("mqls", "sql_rate", "win_rate", "acv", "cost")
RATES = ("sql_rate", "win_rate")


@dataclass(frozen=True)
class Scenario:
    """Two situations, and what each input alone does."""

    before: Inputs
    after: Inputs

    @property
    def times(self) -> Decimal | None:
        """How many times as many deals are won after as before; None where none were won before."""
        try:
            return self.after.won / self.before.won
        except (DivisionByZero, InvalidOperation):
            return None

    def alone(self) -> dict[str, Inputs]:
        """Return the situation before with only one input moved, for each input that is a range."""
        moved = {name: getattr(self.after, name) for name in NAMES}
        return {
            name: replace(self.before, **{name: value})
            for name, value in moved.items()
            if value != getattr(self.before, name)
        }

    def sensitivity(self) -> dict[str, Inputs]:
        """Return the situation before with each input raised by 10 %, a rate to 1 at most."""
        raised = {}
        for name in NAMES:
            value = getattr(self.before, name)
            if value is not None:
                more = value * Decimal("1.1")
                raised[name] = replace(
                    self.before, **{name: min(more, Decimal(1)) if name in RATES else more}
                )
        return raised

    def describe(self) -> dict[str, Any]:
        """Return all figures before and after, what each range does alone, and 10 % more of each input."""
        return {
            "before": self.before.figures(),
            "after": self.after.figures(),
            "alone": {name: inputs.figures() for name, inputs in self.alone().items()},
            "times": self.times,
            "ten_percent_more": {name: inputs.figures() for name, inputs in self.sensitivity().items()},
        }


def spell_option(name: str) -> str:
    """Return the option of the command line for an input."""
    return f"--{name.replace('_', '-')}"


def read_scenario(*, spell: Callable[[str], str] = spell_option, **given: str | None) -> Scenario:
    """Return the scenario of texts `5` or `5:8` (before:after) by the names of Inputs; cost may be None.

    Raises PermanentError, one line that names the input as `spell` does, for a value that is not a number or
    out of bounds.
    """
    pairs = {name: _read_pair(name, text, spell) for name, text in given.items() if text is not None}
    before, after = ({name: pair[side] for name, pair in pairs.items()} for side in (0, 1))
    return Scenario(Inputs(**before), Inputs(**after))


def _read_pair(name: str, text: str, spell: Callable[[str], str]) -> tuple[Decimal, Decimal]:
    option = spell(name)
    parts = text.split(":")
    try:
        values = [Decimal(part.strip()) for part in parts]
    except InvalidOperation:
        values = []
    if len(values) not in (1, 2) or not all(value.is_finite() for value in values):
        raise PermanentError(f"{option} must be a number, or two as before:after, such as 0.15:0.29")
    if name in RATES and not all(0 <= value <= 1 for value in values):
        raise PermanentError(f"{option} must lie between 0 and 1: give 15 % as 0.15")
    # What is smaller has no reciprocal that a decimal can hold.
    if not all(value == 0 or Decimal(10) ** -18 <= value <= Decimal(10) ** 18 for value in values):
        limits = "nor above 10 to the power of 18, nor below 10 to the power of -18 unless it is 0"
        raise PermanentError(f"{option} must not be negative, {limits}")
    return abs(values[0]), abs(values[-1])
