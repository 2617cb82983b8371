"""What looks wrong about a count, worked out by hand."""

import pytest

from leadops.funnel.volume_check import classify_volume
from tests.shipped import SHIPPED, change


@pytest.mark.parametrize(
    ("count", "others", "verdict"),
    [
        (0, [9, 9, 9], None),  # three weeks say nothing
        (0, [0, 0, 9, 9, 9], None),  # before the first lead there are no weeks
        (99, [0, 0, 0, 0, 0], None),  # nor are there any while there was never one
        (0, [0, 9, 9, 9, 9], ("gap", {"count": 0, "usual": 9.0})),
        (0, [9, 0, 9, 9, 9], None),  # not always some, and (0 − 9) / √9 = −3
        (0, [2, 2, 2, 2], None),  # too few to miss them
        (24, [9, 9, 9, 9], ("volume", {"count": 24, "usual": 9.0, "z": 5.0})),  # 15 / √9
        (23, [9, 9, 9, 9], None),
        (60, [100, 104, 96, 100, 102], ("volume", {"count": 60, "usual": 100, "z": -4.0})),
        (140, [100, 140, 60, 100, 80], None),  # the middle deviation is 20: 40 / 29.7 = 1.3
    ],
)
def test_the_verdict_on_a_count(count: int, others: list[int], verdict: object) -> None:
    settings = change(SHIPPED.funnel.quality_checks, z=4.0 if others[0] == 100 else 5.0)

    found = classify_volume(count, others, settings=settings, is_working_day=True)

    assert found == verdict


def test_a_whole_number_is_written_as_one() -> None:
    settings = SHIPPED.funnel.quality_checks

    even = classify_volume(0, [9, 9, 9, 9], settings=settings, is_working_day=True)
    between = classify_volume(0, [9, 9, 10, 10], settings=settings, is_working_day=True)

    assert "'usual': 9}" in str(even)
    assert "'usual': 9.5}" in str(between)


def test_on_a_free_day_only_more_than_usual_is_wrong() -> None:
    def verdict(count: int) -> object:
        return classify_volume(count, [36] * 5, settings=SHIPPED.funnel.quality_checks, is_working_day=False)

    assert verdict(0) is None
    assert verdict(66) == ("volume", {"count": 66, "usual": 36, "z": 5.0})
