"""How many people a text speaks of: 200名, 1,000+, 51-200."""

import re

from leadops.normalization.clean_text import fold_text

#: More than any employer has; a longer number is a telephone number or an id.
LARGEST_COUNT = 10_000_000

#: 1,200 and 1.200 and 1'200 and 1 200 (grouped in threes), or 1200, or 1.5 before k, 千 or 万.
_NUMBER = re.compile(
    r"(?:(?P<grouped>\d{1,3}(?P<sign>[,.' ])\d{3}(?:(?P=sign)\d{3})*)(?!\d)|(?P<plain>\d+(?:\.\d+)?))"
    r"(?:\s*(?P<unit>[k千천万萬만])(?![a-z]))?"
)
_TIMES = {None: 1, "k": 1_000, "千": 1_000, "천": 1_000, "万": 10_000, "萬": 10_000, "만": 10_000}
_PEOPLE = re.compile(
    r"\s*(?:名様|名|人|社員|명|employees?|people|persons?|staff|members?|workers?|ftes?|heads?|headcount"
    r"|mitarbeiter(?:innen|nde)?|beschäftigte|angestellte|employés?|salariés?|empleados|dipendenti)(?![a-z])\s*"
)
#: What may stand before and after a number and changes nothing.
_AROUND = re.compile(
    r"^(?:company size|size|従業員数?|社員数?|人数|規模|総勢|約|およそ|合計|ca\.|ca|circa|about"
    r"|approximately|approx\.?|around|≈)[: ]*"
    r"|(?:程度|くらい|ぐらい|前後|ほど|規模|\((?:連結|単体)\)|連結|単体| in total| total)$"
)
_DASH = r" ?(?:[-‐‑‒–—―−ー~〜]|to|bis|から|より|through|\.{2,3}) ?"
#: Texts with # for each number.
_LOWER_END = re.compile(
    rf"#|(?:between |from |zwischen )?#(?:{_DASH}| and | und )#(?:まで|以下|未満|以内)?"
    rf"|#(?:以上|超|超え|から){_DASH[:-2]}?\s?#(?:まで|以下|未満|以内)?"
    rf"|(?:over|more than|greater than|at least|min\.?|from|ab|über|mehr als|>|>=|≥|≧) ?#"
    rf"|# ?(?:\+|以上|超|超え|より多い|or more|or greater|and more|and above|and over|plus|oder mehr|{_DASH})"
)
_NO_LOWER_END = re.compile(
    r"(?:up to|under|less than|fewer than|below|max\.?|bis zu|bis|unter|weniger als|<|<=|≤|≦|~|〜) ?#"
    r"|# ?(?:以下|未満|以内|まで|or less|or fewer|and under|oder weniger)"
)


def read_head_count(text: str) -> int | None:
    """Return how many people `text` speaks of, None if it does not name a number of people.

    A range counts by its lower end: 51-200 and 51+ are 51, and "up to 50" is 1. Numbers may be grouped in
    threes and have a unit, in English, Japanese or German.
    """
    words = re.sub(r"(?<=\d)_+(?=\d)", "-", fold_text(text)).replace("_", " ")
    words = re.sub(r" ?(employees|人|名) ?size$", r"\1", words)
    while (bare := _AROUND.sub("", words).strip()) != words:
        words = bare
    numbers = [_value(match) for match in _NUMBER.finditer(words)]
    shape = _PEOPLE.sub(" ", _NUMBER.sub("#", words)).strip()
    shape = re.sub(r" ?(以上|以下|未満|以内|まで|超え?|から) ?", r"\1", shape)
    if not numbers or max(numbers) > LARGEST_COUNT or numbers != sorted(numbers):
        return None
    if re.fullmatch(r"~ ?#", shape) and words[-1].isdigit():
        return numbers[0]  # without 名, ~200 is "about 200"
    if _LOWER_END.fullmatch(shape):
        return numbers[0]
    return 1 if _NO_LOWER_END.fullmatch(shape) else None


def _value(match: re.Match[str]) -> int:
    digits = re.sub(r"\D", "", match["grouped"]) if match["grouped"] else match["plain"]
    return int(float(digits) * _TIMES[match["unit"]])
