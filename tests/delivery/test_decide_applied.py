import pytest

from leadops.delivery.decide_applied import decide_applied, may_be_partial


@pytest.mark.parametrize(
    ("gap", "points", "others", "applied"),
    [
        (10, 10, [], True),
        (0, 10, [], False),
        (3, 10, [], None),
        (13, 10, [3], True),
        (10, 10, [3], True),
        (3, 10, [3], False),
        (0, 10, [3], False),
        (10, 10, [10], None),
        (20, 10, [10], True),
        (0, 10, [10], False),
        (15, 10, [2, 3, 10], None),  # 10 + 2 + 3, with or without it
        (-5, -5, [], True),
        (5, 10, [-5], True),
        (0, 0, [], True),
        (7, 0, [], None),
        (10, 10, [1] * 13, None),
    ],
)
def test_what_a_score_says_about_a_call(
    gap: int, points: int, others: list[int], applied: bool | None
) -> None:
    assert decide_applied(gap, points, others) is applied


@pytest.mark.parametrize(
    ("gap", "points", "others", "partial"),
    [
        (10, [10], [], False),
        (5, [5, 3], [], True),
        (8, [5, 3], [], False),
        (0, [5, 3], [], False),
        (0, [5, -5, 3], [], True),
        (4, [2, 2, -2, 2], [], True),
        (2, [2, 2, -2, 2], [], True),
        (12, [5, 3], [7], True),
        (12, [12] + [1] * 12, [], True),
        (12, [12], [1] * 12, False),
    ],
)
def test_an_answered_call_may_have_taken_effect_in_part(
    gap: int, points: list[int], others: list[int], partial: bool
) -> None:
    assert may_be_partial(gap, points, others) is partial
