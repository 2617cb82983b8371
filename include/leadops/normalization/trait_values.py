"""A fact about a lead as it is kept and as it is compared, by rules of scoring and of routing alike."""

from functools import lru_cache
from typing import Any

from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import clean_text, fold_text
from leadops.normalization.company_names import make_company_key
from leadops.normalization.country_names import find_country
from leadops.normalization.email_address import encode_host
from leadops.normalization.head_counts import read_head_count

Scalar = str | int | float | bool

#: NA is Namibia where a country is asked for, and "not available" elsewhere.
_COUNTRY, _COMPANY, _NUMBER, _EMAIL_DOMAIN = "country", "company", "employees", "email_domain"


def read_trait_values(trait: str, value: Any) -> list[Scalar]:
    """Return what a sender says of `trait`: the value alone, or the elements of a list; none if it is blank.

    `value` is parsed JSON. Lead-ad services send lists of one. Objects say nothing.
    """
    if isinstance(value, list):
        return [item for element in value for item in read_trait_values(trait, element)]
    if isinstance(value, bool | int | float):
        return [value]
    if not isinstance(value, str) or is_blank(value) or (trait != _COUNTRY and fold_text(value) == "na"):
        return []
    return [clean_text(value).strip()]


def compare_trait(trait: str, value: Scalar) -> list[Scalar]:
    """Return the forms by which a value is compared; a rule's value that is one of them is the same.

    The first one is the one that a rule's own value has. Text is compared without case, width and outer
    blanks. `employees` is the number that the text names, a range its lower end; `country` the code of
    ISO 3166-1, and the text; `company` the name without its legal form, and the text; `email_domain` is
    punycode, of a person with several addresses that of each.
    """
    if trait == _EMAIL_DOMAIN:
        return [form for domain in _write(value).split() or [""] for form in _compare_text(trait, domain)]
    if trait == _NUMBER and isinstance(value, int | float) and not isinstance(value, bool):
        return [value]
    return list(_compare_text(trait, _write(value)))


def compare_rule_value(trait: str, value: Scalar) -> Scalar:
    """Return the form by which the value of a rule is compared with those of `compare_trait`."""
    return compare_trait(trait, value)[0]


def fold_fragment(text: str) -> str:
    """Return a part of a text as it is compared; blanks at its ends stay, as they mark the ends of words."""
    folded = fold_text(text)
    before = " " if text[:1].isspace() else ""
    return f"{before}{folded}{' ' if folded and text[-1:].isspace() else ''}"


@lru_cache(maxsize=100_000)
def _compare_text(trait: str, text: str) -> tuple[Scalar, ...]:
    folded = fold_text(text)
    first: Scalar | None = None
    if trait == _NUMBER:
        first = read_head_count(text)
        return (folded if first is None else first,)
    if trait == _COUNTRY:
        first = find_country(text)
    elif trait == _COMPANY:
        first = make_company_key(text)
    elif trait == _EMAIL_DOMAIN:
        first = _encode(text)
    return (folded,) if first is None or first == folded else (first, folded)


def _encode(host: str) -> str | None:
    try:
        return encode_host(host)
    except ValueError:
        return None


def _write(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
