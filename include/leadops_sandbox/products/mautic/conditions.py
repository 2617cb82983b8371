"""Conditions in the query of a call: where[0][col]=…&where[0][expr]=…&where[0][val]=…."""

import re
from collections.abc import Callable, Mapping
from typing import Any

WHERE = re.compile(r"where\[(\d+)\]\[(col|expr|val)\]")


def read_where(query: dict[str, str]) -> list[dict[str, str]]:
    """Return the conditions of a query as where[0][col]=…&where[0][expr]=…&where[0][val]=…."""
    conditions: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        if match := WHERE.fullmatch(name):
            conditions.setdefault(match[1], {})[match[2]] = value
    return list(conditions.values())


def matches(row: Mapping[str, Any], conditions: list[dict[str, str]]) -> bool:
    """Return whether a row meets every condition."""
    tests: dict[str, Callable[[str, str], bool]] = {
        "eq": lambda value, wanted: value == wanted,
        "neq": lambda value, wanted: value != wanted,
        "in": lambda value, wanted: value in wanted.split(","),
        "gt": lambda value, wanted: order(value) > order(wanted),
        "gte": lambda value, wanted: order(value) >= order(wanted),
    }
    return all(
        tests.get(one.get("expr", "eq"), tests["eq"])(str(row.get(one.get("col", ""))), one.get("val", ""))
        for one in conditions
    )


def order(value: str) -> tuple[int, str]:
    """Return by what values are compared: numbers by their size, other texts as they are."""
    return (int(value), "") if value.isdecimal() else (0, value)
