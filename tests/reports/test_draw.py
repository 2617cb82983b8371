from io import BytesIO

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.image import imread

from leadops.reports import fonts
from leadops.reports.boxes import Box, make_box
from leadops.reports.draw import draw_responses
from leadops.reports.fonts import can_draw, find_families
from leadops.reports.report_texts import REPORT_TEXTS
from leadops.reports.responses import WAITING
from tests.own_log import own_messages


def box(label: str | None, minutes: tuple[float, ...] = (1.0,), open: int = 0) -> Box:
    return make_box(label, np.array([*minutes, *[WAITING] * open]))


BOXES = [box("rep-a", (0.0, 20.0, 30.0, 40.0, 900.0), 2), box(None, (5.0,)), box("rep-c", (), 3)]


def draw(boxes: list[Box], language: str = "en") -> tuple[bytes, dict[str, str]]:
    return draw_responses(
        [("by_rep", "nobody", boxes)], period="2026-Q3", target_minutes=120, min_answers=5, language=language
    )


def test_the_same_numbers_are_the_same_bytes_and_others_are_not() -> None:
    first, names = draw(BOXES)
    assert draw(BOXES) == (first, names)
    assert names == {}
    assert draw([*BOXES[:2], box("rep-c", (), 4)])[0] != first


def test_it_is_a_picture_with_the_colours_of_box_target_and_outlier() -> None:
    pixels = (imread(BytesIO(draw(BOXES)[0]), format="png")[..., :3] * 255).round().astype(int)
    height, width, _ = pixels.shape
    assert (width, height > 200) == (1155, True)
    for colour in ((158, 202, 225), (192, 57, 43)):
        assert (pixels == np.array(colour)).all(axis=2).sum() > 15, colour


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("boxes", [[], [box(None, (), 0)], [box("x", (1e6, 1e6, 1e6, 1e6, 2e6))]])
def test_what_is_empty_or_huge_is_drawn_too(boxes: list[Box], language: str) -> None:
    assert draw(boxes, language)[0].startswith(b"\x89PNG")


def test_japanese_is_drawn_as_it_is_written(caplog: pytest.LogCaptureFixture) -> None:
    """As boxes, names of one length would look alike; a letter without a font is a warning, so an error."""
    assert can_draw("".join(REPORT_TEXTS["ja"].values()))
    first, names = draw([box("山田花子")], "ja")
    other, others = draw([box("鈴木一郎")], "ja")
    assert (names, others) == ({}, {})
    assert first != other
    assert own_messages(caplog, "leadops", "matplotlib") == []


def test_without_a_japanese_font_titles_are_english_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fonts, "_letters", lambda: frozenset(range(32, 127)))
    assert draw(BOXES, "ja")[0] == draw(BOXES, "en")[0]
    assert "titles are English, names are numbers" in own_messages(caplog, "leadops", "matplotlib")[0]


def test_the_font_that_is_brought_along_changes_no_other_picture() -> None:
    before = dict(rcParams)
    find_families.cache_clear()
    assert "IPAexGothic" in find_families()
    assert dict(rcParams) == before


@pytest.mark.parametrize("name", [r"$\frac$", "$x^2$", r"a\$b", "$", r"$\frac{1}{2}$", "_x_{y}"])
def test_a_name_is_no_formula(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Drawn as it is: another picture than without its signs."""
    picture, names = draw([box(name)])
    assert picture.startswith(b"\x89PNG")
    assert (names, own_messages(caplog, "leadops", "matplotlib")) == ({}, [])
    plain = name.replace("$", "").replace("\\", "").replace("_", "").replace("^", "")
    assert picture != draw([box(plain or " ")])[0]


def test_control_characters_are_drawn_as_escapes(caplog: pytest.LogCaptureFixture) -> None:
    hostile, visible = "\x1b[31m\u202espring\n", r"\x1b[31m\u202espring\x0a"
    assert draw([box(hostile)]) == draw([box(visible)])
    assert own_messages(caplog, "leadops", "matplotlib") == []


def test_a_name_that_cannot_be_drawn_gets_a_number_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    ancient = "𓀀𓀁"  # hieroglyphs: in none of the fonts that are looked for
    assert not can_draw(ancient)
    _, names = draw([box(ancient), box("$x^2$"), box(ancient, (2.0,), 0)])
    assert names == {"#1": ancient}
    (line,) = own_messages(caplog, "leadops", "matplotlib")
    assert line.startswith("no font here has U+13000, U+13001: names are numbers; install ")
    assert ancient not in line
