import pytest

from leadops.scoring.grades import bound, grade
from tests.shipped import SHIPPED, change

GRADES = change(SHIPPED.scoring.grades, fit=(40, 20, 0), behaviour=(60, 30, 10))


@pytest.mark.parametrize(
    ("fit", "behaviour", "expected"),
    [
        (40, 60, "A1"),
        (39, 59, "B2"),
        (20, 30, "B2"),
        (19, 29, "C3"),
        (0, 10, "C3"),
        (-1, 9, "D4"),
        (-100, 900, "D1"),
    ],
)
def test_grade_is_fit_by_behaviour(fit: int, behaviour: int, expected: str) -> None:
    assert grade(fit=fit, behaviour=behaviour, grades=GRADES) == expected


@pytest.mark.parametrize(("total", "shown"), [(-5, 0), (0, 0), (50, 50), (100, 100), (250, 100)])
def test_display_stays_within_its_bounds(total: int, shown: int) -> None:
    assert bound(total, GRADES) == shown
