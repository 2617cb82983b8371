from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from leadops.reports.boxes import Box
from leadops.reports.draw import draw_responses
from leadops.reports.fonts import can_draw

BOXES = [Box("rep-a", (0.0, 20.0, 30.0, 40.0, 900.0), 2), Box(None, (5.0,), 0), Box("rep-c", (), 3)]


def draw(boxes: list[Box], language: str = "en") -> tuple[bytes, dict[str, str]]:
    return draw_responses(
        [("by_rep", "nobody", boxes)], period="2026-Q3", target_minutes=120, min_answers=5, language=language
    )


def test_the_same_numbers_are_the_same_bytes_and_others_are_not() -> None:
    first, names = draw(BOXES)
    assert draw(BOXES) == (first, names)
    assert names == {}
    assert draw([*BOXES[:2], Box("rep-c", (), 4)])[0] != first


def test_it_is_a_picture_with_the_colours_of_box_target_and_outlier() -> None:
    pixels = (imread(BytesIO(draw(BOXES)[0]), format="png")[..., :3] * 255).round().astype(int)
    height, width, _ = pixels.shape
    assert (width, height > 200) == (1155, True)
    for colour in ((158, 202, 225), (192, 57, 43)):
        assert (pixels == np.array(colour)).all(axis=2).sum() > 15, colour


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("boxes", [[], [Box(None, (), 0)], [Box("x", (1e6, 1e6, 1e6, 1e6, 2e6), 0)]])
def test_what_is_empty_or_huge_is_drawn_too(boxes: list[Box], language: str) -> None:
    assert draw(boxes, language)[0].startswith(b"\x89PNG")


def test_a_name_that_cannot_be_drawn_gets_a_number_and_is_told() -> None:
    ancient = "𓀀𓀁"  # hieroglyphs: in none of the fonts that are looked for
    assert not can_draw(ancient)
    _, names = draw([Box(ancient, (1.0,), 0), Box("$x^2$", (1.0,), 0), Box(ancient, (2.0,), 0)])
    assert names == {"#1": ancient}
