"""How points are shown to people: within bounds, and as a grade from A1 to D4."""

from typing import Self

from pydantic import StrictInt, model_validator

from leadops.settings import Settings


class Grades(Settings):
    """How points are shown. The ledger is never cut to these bounds."""

    lowest: StrictInt  # points; a lower total is shown as this
    highest: StrictInt  # points; a higher total is shown as this
    fit: tuple[StrictInt, StrictInt, StrictInt]  # fit points from which A, B and C; under: D
    behaviour: tuple[StrictInt, StrictInt, StrictInt]  # points from which 1, 2 and 3; under: 4

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.lowest >= self.highest:
            raise ValueError(f"lowest {self.lowest} must be under highest {self.highest}")
        for name in ("fit", "behaviour"):
            first, second, third = getattr(self, name)
            if not first > second > third:
                raise ValueError(f"{name} must fall, the best grade first: {first}, {second}, {third}")
        return self


def bound(total: int, grades: Grades) -> int:
    """Return `total` points within the bounds of display."""
    return max(grades.lowest, min(grades.highest, total))


def grade(*, fit: int, behaviour: int, grades: Grades) -> str:
    """Return the grade of `fit` and `behaviour` points: a letter A–D for who it is, 1–4 for what was done."""
    return _pick("ABCD", fit, grades.fit) + _pick("1234", behaviour, grades.behaviour)


def _pick(names: str, points: int, thresholds: tuple[int, int, int]) -> str:
    return names[sum(points < threshold for threshold in thresholds)]
