"""Splits an amount by weights so that the parts sum to it, to the last unit."""

from collections.abc import Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)

UNIT = Decimal("0.01")


def allot(amount: Decimal, weights: Mapping[Key, int]) -> dict[Key, Decimal]:
    """Return each key's part of `amount` (at most two digits after the point) in proportion to its weight.

    By largest remainder: everybody gets the whole units below their exact part; the units that are left go
    to the largest fractions, among equals in the order of `weights`. Empty where all weights are 0.
    """
    total = sum(weights.values())
    if total <= 0:
        return {}
    sign = -1 if amount < 0 else 1
    units = int(abs(amount) / UNIT)
    parts = {key: divmod(units * weight, total) for key, weight in weights.items()}
    left = units - sum(whole for whole, _ in parts.values())
    first = sorted(parts, key=lambda key: -parts[key][1])[:left]
    return {key: sign * UNIT * (whole + (key in first)) for key, (whole, _) in parts.items()}
