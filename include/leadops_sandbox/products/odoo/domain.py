"""Odoo's domains: conditions as triples, joined by '&', '|' and '!' that stand before them."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from leadops_sandbox.products.odoo.errors import OdooError

Read = Callable[[str], Any]


def read_domain(domain: object) -> Callable[[Read], bool]:
    """Return whether a record matches `domain`; raise OdooError for what is not a domain."""
    if not isinstance(domain, list):
        raise OdooError("builtins.ValueError", f"Invalid domain: {domain!r}")
    terms = list(domain)
    conditions: list[Callable[[Read], bool]] = []
    while terms:
        conditions.append(_take(terms))
    return lambda read: all(condition(read) for condition in conditions)


def names_of(domain: Sequence[Any]) -> set[str]:
    """Return the fields that a domain names."""
    return {str(term[0]) for term in domain if not isinstance(term, str)}


def _take(terms: list[Any]) -> Callable[[Read], bool]:
    if not terms:
        raise OdooError("builtins.ValueError", "Invalid domain: a term is missing")
    term = terms.pop(0)
    if term == "!":
        negated = _take(terms)
        return lambda read: not negated(read)
    if term in ("&", "|"):
        first, second = _take(terms), _take(terms)
        if term == "&":
            return lambda read: first(read) and second(read)
        return lambda read: first(read) or second(read)
    if not isinstance(term, list | tuple) or len(term) != 3:
        raise OdooError("builtins.ValueError", f"Invalid leaf {term!r}")
    name, sign, wanted = term
    if sign not in TESTS:
        raise OdooError("builtins.ValueError", f"Invalid operator {sign!r} in domain term {term!r}")
    return lambda read: TESTS[sign](plain(read(str(name))), wanted)


def plain(value: Any) -> Any:
    """Return a value to compare: the id of a many2one."""
    return value[0] if isinstance(value, list) and value else value


def _like(value: Any, wanted: Any, *, flags: int = 0) -> bool:
    pattern = ".*".join(map(re.escape, str(wanted).split("%")))
    return bool(re.search(pattern, str(value or ""), flags | re.DOTALL))


def _is_set(value: Any, wanted: Any) -> bool:
    return value is not False and value is not None and wanted is not False


TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: bool(value == wanted or (not value and wanted is False)),
    "!=": lambda value, wanted: bool(value != wanted and (value or wanted is not False)),
    "<": lambda value, wanted: _is_set(value, wanted) and bool(value < wanted),
    "<=": lambda value, wanted: _is_set(value, wanted) and bool(value <= wanted),
    ">": lambda value, wanted: _is_set(value, wanted) and bool(value > wanted),
    ">=": lambda value, wanted: _is_set(value, wanted) and bool(value >= wanted),
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
    "like": _like,
    "ilike": lambda value, wanted: _like(value, wanted, flags=re.IGNORECASE),
}
