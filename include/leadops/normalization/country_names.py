"""Which country a text names: a code of ISO 3166-1, or a name in one of many languages."""

import re
import unicodedata
from collections.abc import Iterable, Set
from functools import cache

from babel import Locale
from babel.core import get_global

from leadops.normalization.clean_text import fold_text, trim_text

#: The languages whose names are known; where two give one name to two countries, the earlier one counts. Most
#: texts are in the first ones, so the names of the others are only read when these do not suffice.
FIRST_LANGUAGES = ("en", "ja")
LANGUAGES = (
    *("de", "fr", "es", "it", "nl", "pt", "ko", "zh", "zh_Hant", "sv", "da", "nb", "fi", "pl", "cs", "tr"),
    *("ru", "vi", "th", "id", "ar", "he", "hi"),
)
#: Characters of an abbreviation such as U.S.A., with its points.
LONGEST_ABBREVIATION = 6
_CODE = re.compile(r"[A-Z]{2}")
#: ja_JP and zh-Hant-TW name a language and a country (BCP 47).
_LOCALE = re.compile(r"[a-z]{2,3}[-_](?:[A-Z][a-z]{3}[-_])?(?P<country>[A-Z]{2})(?:\.[A-Za-z0-9-]+)?")
#: US-CA and JP-13 name a part of a country (ISO 3166-2).
_SUBDIVISION = re.compile(r"(?P<country>[A-Z]{2})-[A-Z0-9]{1,3}")
#: Between two names of one country: Japan (日本), 日本/Japan.
_BETWEEN = re.compile(r"[()\[\]/|・,;]+|\s[-–]\s")
#: CLDR's territories that are not countries: unions, regions and what stands for "unknown".
_NOT_COUNTRIES = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
#: Names in use that CLDR does not have.
_ALSO = {
    "US": (
        "アメリカ",
        "米国",
        "合衆国",
        "america",
        "united states of america",
        "the united states",
        "us of a",
    ),
    "GB": ("英国", "uk", "great britain", "britain", "england", "scotland", "wales", "イングランド"),
    "JP": ("日本国", "にほん", "ニッポン", "ジャパン", "nippon", "nihon"),
    "KR": ("korea", "republic of korea", "korea, republic of", "korea (south)", "韓國", "大韓民国", "한국"),
    "KP": ("north korea", "dprk", "北朝鮮"),
    "CN": ("prc", "p.r. china", "people's republic of china", "mainland china", "中華人民共和国", "中国大陸"),
    "HK": ("hong kong", "hongkong", "香港"),
    "MO": ("macau", "macao", "マカオ", "澳門"),
    "TW": ("taiwan, province of china", "taiwan, roc", "roc", "臺灣", "中華民国"),
    "CZ": ("czech republic", "チェコ共和国"),
    "TR": ("turkey",),
    "RU": ("russian federation",),
    "VN": ("viet nam", "ベトナム社会主義共和国"),
    "NL": ("holland", "the netherlands"),
    "AE": ("uae", "u.a.e."),
    "CI": ("ivory coast", "cote d'ivoire"),
    "MM": ("burma",),
    "MK": ("macedonia",),
    "CD": ("dr congo", "democratic republic of the congo"),
    "IR": ("iran, islamic republic of",),
    "LA": ("lao people's democratic republic",),
    "MD": ("moldova, republic of",),
    "TZ": ("tanzania, united republic of",),
    "VE": ("venezuela, bolivarian republic of",),
    "BO": ("bolivia, plurinational state of",),
    "SY": ("syrian arab republic",),
    "BN": ("brunei darussalam",),
    "PS": ("palestine", "palestine, state of"),
    "VA": ("holy see", "vatican"),
    "DE": ("brd", "federal republic of germany"),
}


def find_country(text: str) -> str | None:
    """Return the code (ISO 3166-1 alpha-2) of the country that `text` names, None if it names none.

    Reads alpha-2, alpha-3 and numeric codes, and the names of Unicode CLDR in 25 languages, in any case and
    width, with or without accents: 日本, Japan, JP, JPN and 392 are JP. So are a locale (ja_JP), the code of
    a part (JP-13), and several names of one country (Japan (日本)).
    """
    trimmed = trim_text(text)
    if code := _LOCALE.fullmatch(trimmed) or _SUBDIVISION.fullmatch(trimmed):
        return _find_name(code["country"])
    if found := _find_name(trimmed):
        return found
    parts = {_find_name(part) for part in _BETWEEN.split(trimmed) if part.strip()}
    return parts.pop() if len(parts) == 1 else None


def _find_name(text: str) -> str | None:
    name = _fold(text)
    return _read_first().get(name) or _read_others().get(name)


def _fold(text: str) -> str:
    """Return `text` as names of countries are compared: U.S.A. is usa, and ’ is an apostrophe."""
    folded = fold_text(text).replace("’", "'")
    return folded.replace(".", "") if len(folded) <= LONGEST_ABBREVIATION else folded


@cache
def _read_first() -> dict[str, str]:
    """Return codes, common names and those of `FIRST_LANGUAGES`, as they are compared -> the country."""
    names = map(str, Locale.parse("en").territories)
    codes = {code for code in names if _CODE.fullmatch(code)} - _NOT_COUNTRIES
    found = {code.casefold(): code for code in codes}
    for former, current in get_global("territory_aliases").items():
        if len(current) == 1 and current[0] in codes:
            found.setdefault(former.casefold(), current[0])
    for code, also in _ALSO.items():
        found |= {_fold(name): code for name in also}
    return _add_names(found, FIRST_LANGUAGES, codes)


@cache
def _read_others() -> dict[str, str]:
    """Return the names of `LANGUAGES`, and all names without their accents -> the country."""
    codes = frozenset(_read_first().values())
    found = _add_names({}, LANGUAGES, codes)
    for name, code in [*_read_first().items(), *found.items()]:
        if "LATIN" in unicodedata.name(name[0], ""):
            plain = "".join(
                letter for letter in unicodedata.normalize("NFD", name) if not unicodedata.combining(letter)
            )
            found.setdefault(plain, code)
    return found


def _add_names(found: dict[str, str], languages: Iterable[str], codes: Set[str]) -> dict[str, str]:
    for language in languages:
        for code, name in Locale.parse(language).territories.items():
            if code in codes:
                found.setdefault(_fold(str(name)), str(code))
    return found
