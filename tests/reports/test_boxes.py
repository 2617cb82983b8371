import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leadops.reports.boxes import Box, group_boxes, make_box
from leadops.reports.responses import ENDED, WAITING
from tests.shipped import SHIPPED, change

from .conftest import respond

SETTINGS = SHIPPED.reports


def box_of(*minutes: float | None) -> Box:
    return make_box("a", respond(*minutes).minutes)


def test_by_hand() -> None:
    box = box_of(10, 40, 20, 30, None, 200)
    # 10 20 30 40 200: quartiles 20 and 40, fences 20 - 30 and 40 + 30.
    assert (box.quantile(0.25), box.median, box.quantile(0.75)) == (20, 30, 40)
    assert box.fences == (-10, 70)
    assert (box.whiskers, box.outliers.tolist()) == ((10, 40), [200])
    assert (box.open, box.mqls) == (1, 6)
    assert (box_of(10, WAITING, ENDED).open, box_of(ENDED).mqls, box_of(ENDED).open) == (1, 1, 0)
    # Between two answers by straight line: half way from 10 to 15.
    assert box_of(10, 15).median == 12.5
    assert box_of(7).whiskers == (7, 7)
    assert [box.count_over(limit) for limit in (9, 10, 40, 199, 200)] == [5, 4, 1, 1, 0]


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_as_numpy_and_every_answer_is_drawn_once(minutes: list[float]) -> None:
    box = box_of(*minutes)
    for part in (0.25, 0.5, 0.75):
        assert np.isclose(box.quantile(part), np.quantile(minutes, part))
    low, high = box.whiskers
    assert sum(low <= each <= high for each in minutes) + len(box.outliers) == len(minutes)


def test_the_quickest_first_and_the_smallest_groups_together() -> None:
    responses = respond(
        *(("slow", None, 50.0) for _ in range(3)),
        *(("quick", None, 5.0) for _ in range(2)),
        *((None, None, None) for _ in range(2)),
        ("x", None, 1.0),
        ("y", None, 2.0),
    )
    grouped = group_boxes(responses, "rep", settings=change(SETTINGS, most_groups=4))
    assert [(box.label, box.others, box.mqls) for box in grouped.boxes] == [
        ("quick", 0, 2),
        ("slow", 0, 3),
        (None, 0, 2),
        (None, 2, 2),
    ]
    # In the order of the minutes: x, y, the two that were quick, the three that were slow, those that wait.
    assert grouped.places.tolist() == [3, 3, 0, 0, 1, 1, 1, 2, 2]
    assert sum(box.mqls for box in grouped.boxes) == responses.mqls
    assert len(group_boxes(responses, "rep", settings=change(SETTINGS, most_groups=5)).boxes) == 5
