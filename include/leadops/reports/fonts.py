"""Which letters can be drawn here: fonts differ from machine to machine, and a box says nothing."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from matplotlib import font_manager

#: DejaVu comes with matplotlib, IPAexGothic with matplotlib-fontja; the others may be installed. All but the
#: first have Japanese.
FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK JP",
    "Noto Sans JP",
    "IPAexGothic",
    "IPAGothic",
    "TakaoGothic",
    "VL Gothic",
    "Hiragino Sans",
    "Yu Gothic",
    "MS Gothic",
)


@cache
def find_families() -> tuple[str, ...]:
    """Return those of FAMILIES that are installed, in their order."""
    # matplotlib-fontja is not imported: that would set the font of every picture of this process.
    package = find_spec("matplotlib_fontja")
    for folder in (package.submodule_search_locations if package else None) or []:
        font_manager.fontManager.addfont(Path(folder) / "fonts" / "ipaexg.ttf")
    installed = set(font_manager.get_font_names())
    return tuple(family for family in FAMILIES if family in installed)


def can_draw(text: str) -> bool:
    """Whether every letter of `text` is in an installed font."""
    return not find_missing(text)


def find_missing(text: str) -> list[str]:
    """Return the letters of `text` that no installed font has, as U+65E5: names belong in no log."""
    return [f"U+{code:04X}" for code in sorted({ord(letter) for letter in text} - _letters())]


@cache
def _letters() -> frozenset[int]:
    known: set[int] = set()
    for family in find_families():
        known |= set(font_manager.get_font(font_manager.findfont(family)).get_charmap())
    return frozenset(known)
