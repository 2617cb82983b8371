"""How points are shown to people: within bounds, and as a grade from A1 to D4."""

from leadops.scoring.rules import Grades


def bound(total: int, grades: Grades) -> int:
    """Return `total` points within the bounds of display."""
    return max(grades.lowest, min(grades.highest, total))


def grade(*, fit: int, behaviour: int, grades: Grades) -> str:
    """Return the grade of `fit` and `behaviour` points: a letter A–D for who it is, 1–4 for what was done."""
    return _pick("ABCD", fit, grades.fit) + _pick("1234", behaviour, grades.behaviour)


def _pick(names: str, points: int, thresholds: tuple[int, int, int]) -> str:
    return names[sum(points < threshold for threshold in thresholds)]
