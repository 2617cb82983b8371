import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadops.reports.boxes import group_boxes, make_box
from leadops.reports.responses import ResponseTime
from tests.shipped import SHIPPED, change

SETTINGS = SHIPPED.reports


def answers(*minutes: float | None, rep: str | None = "a") -> list[ResponseTime]:
    return [ResponseTime(rep, None, each, None) for each in minutes]


def test_by_hand() -> None:
    box = make_box("a", answers(10, 40, 20, 30, None, 200))
    # 10 20 30 40 200: quartiles 20 and 40, fences 20 - 30 and 40 + 30.
    assert (box.quantile(0.25), box.median, box.quantile(0.75)) == (20, 30, 40)
    assert box.fences == (-10, 70)
    assert (box.whiskers, box.outliers) == ((10, 40), [200])
    assert (box.open, box.mqls) == (1, 6)
    ended = ResponseTime("a", None, None, None, has_ended=True)
    assert (make_box("a", [*answers(10, None), ended]).open, make_box("a", [ended]).mqls) == (1, 1)
    # Between two answers by straight line: half way from 10 to 15.
    assert make_box("a", answers(10, 15)).median == 12.5
    assert make_box("a", answers(7)).whiskers == (7, 7)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_as_numpy_and_every_answer_is_drawn_once(minutes: list[float]) -> None:
    box = make_box("a", answers(*minutes))
    for part in (0.25, 0.5, 0.75):
        assert np.isclose(box.quantile(part), np.quantile(minutes, part))
    low, high = box.whiskers
    assert sum(low <= each <= high for each in minutes) + len(box.outliers) == len(minutes)


def test_the_quickest_first_and_the_smallest_groups_together() -> None:
    responses = [
        *answers(50, 50, 50, rep="slow"),
        *answers(5, 5, rep="quick"),
        *answers(None, None, rep=None),
        *answers(1, rep="x"),
        *answers(2, rep="y"),
    ]
    boxes = group_boxes(responses, lambda each: each.rep, settings=change(SETTINGS, most_groups=4))
    assert [(box.label, box.others, box.mqls) for box in boxes] == [
        ("quick", 0, 2),
        ("slow", 0, 3),
        (None, 0, 2),
        (None, 2, 2),
    ]
    assert sum(box.mqls for box in boxes) == len(responses)
    assert len(group_boxes(responses, lambda each: each.rep, settings=change(SETTINGS, most_groups=5))) == 5
