"""Reads an amount of money as people and systems write it; what could be read in two ways is refused."""

import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import Literal

DecimalSign = Literal[".", ","]

#: What groups digits beside the sign that is not the decimal sign: blanks and the apostrophe of Switzerland.
_NEUTRAL_GROUPS = " '"
_APOSTROPHES = re.compile("[\u2019\u02bc`]")
_SIGNS = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u25b2": "-", "\u25b3": "-", "\u060c": ",", "\u066b": ".", "\u066c": ","}
)


def read_amount(text: str, *, decimal: DecimalSign | None, marks: Sequence[str] = ()) -> Decimal | None:
    """Return `text` as an amount, None if it is not one or could be two.

    Full-width characters are ASCII. One of `marks` (the own currency: ¥, JPY) may stand before or after
    it. Groups have three digits, or two and at the end three as in India (12,34,567), with one sign all
    through: a blank, an apostrophe, or the one of `,` and `.` that is not the decimal sign. Where `decimal`
    is None, the text says which it is: of both, the last; a sign that repeats groups; one that does not
    stand before three digits is the decimal sign. A comma before three digits groups, for money has no
    thousandths; a point before three digits could be either: None. An amount is negative with a minus
    before or after it, in round brackets, or after ▲ or △, as accountants write it.
    """
    outer, rest = _split_sign(unicodedata.normalize("NFKC", text).translate(_SIGNS))
    inner, digits = _split_sign(_strip_marks(rest, marks))
    if outer and inner:
        return None
    digits = " ".join(_APOSTROPHES.sub("'", digits).split())
    is_negative = "-" in (outer, inner)
    sign = decimal or _find_decimal(digits)
    if sign is None:
        return None
    grouped, point, fraction = digits.partition(sign)
    whole = _ungroup(grouped, decimal=sign)
    if whole is None or (point and not _is_number(fraction)):
        return None
    amount = Decimal(f"{whole}.{fraction}" if fraction else whole)
    return -amount if is_negative else amount


def _split_sign(text: str) -> tuple[str, str]:
    """Return the sign of `text` ("-", "+" or "") and what is left without it."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        return "-", text[1:-1].strip()
    if text[:1] in ("-", "+"):
        return text[0], text[1:].strip()
    if text.endswith("-"):
        return "-", text[:-1].strip()
    return "", text


def _strip_marks(text: str, marks: Sequence[str]) -> str:
    text = text.strip()
    for mark in sorted((unicodedata.normalize("NFKC", mark) for mark in marks), key=len, reverse=True):
        if text.casefold().startswith(mark.casefold()):
            return text[len(mark) :].strip()
        if text.casefold().endswith(mark.casefold()):
            return text[: -len(mark)].strip()
    return text


def _find_decimal(digits: str) -> DecimalSign | None:
    """Return the decimal sign that `digits` shows; None where both are possible."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    if points > 1 or not (points or commas):
        return "," if points else "."
    if commas > 1:
        return "."
    before, _, after = digits.partition("," if commas else ".")
    groups = (
        len(after) == 3 and 1 <= len(before.lstrip("-+")) <= 3 and not before.lstrip("-+").startswith("0")
    )
    if commas:
        return "." if groups else ","
    return None if groups else "."


def _ungroup(whole: str, *, decimal: DecimalSign) -> str | None:
    """Return the digits of `whole`, None if they are not in groups of three."""
    if _is_number(whole):
        return whole
    other = "." if decimal == "," else ","
    for sign in (*_NEUTRAL_GROUPS, other):
        first, *rest = whole.split(sign)
        if not rest or not _is_number(first) or not all(map(_is_number, rest)):
            continue
        sizes = [len(group) for group in rest]
        in_threes = len(first) <= 3 and set(sizes) == {3}
        as_in_india = sign == "," and len(first) <= 2 and sizes[-1] == 3 and set(sizes[:-1]) == {2}
        if (in_threes or as_in_india) and not first.startswith("0"):
            return first + "".join(rest)
    return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
