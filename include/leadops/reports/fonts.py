"""Which letters can be drawn here: fonts differ from machine to machine, and a box says nothing."""

from functools import cache

from matplotlib import font_manager

#: DejaVu comes with matplotlib; the others, where they are installed, have Japanese.
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
    installed = set(font_manager.get_font_names())
    return tuple(family for family in FAMILIES if family in installed)


def can_draw(text: str) -> bool:
    """Whether every letter of `text` is in an installed font."""
    return all(ord(letter) in _letters() for letter in text)


@cache
def _letters() -> frozenset[int]:
    known: set[int] = set()
    for family in find_families():
        known |= set(font_manager.get_font(font_manager.findfont(family)).get_charmap())
    return frozenset(known)
