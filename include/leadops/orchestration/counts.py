"""What a task returns, in one line for a log, and the sums of work that is done chunk by chunk."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

#: What a task returns: JSON, and no personal data, for Airflow keeps it.
Counts = dict[str, Any]


def describe_counts(counts: Mapping[str, Any]) -> str:
    """Return `counts` in one line: `2 rows, 15 points, day 2026-07-01, crm (3 effects, 1 calls)`.

    What is empty, False or None is left out; a zero is not.
    """
    return ", ".join(
        _describe(name.replace("_", " "), value) for name, value in counts.items() if _is_shown(value)
    )


def run_chunks(
    work: Callable[[], "DataclassInstance"], *, clock: Callable[[], datetime], limit: timedelta | None = None
) -> Counts:
    """Call `work` until its result's `remaining` is false, or for `limit`; return the sums of its counts."""
    until = clock() + limit if limit else None
    sums: Counts = {}
    while True:
        counts = asdict(work())
        remaining = counts.pop("remaining")
        sums = {name: sums.get(name, 0) + value for name, value in counts.items()}
        if not remaining or (until and clock() >= until):
            return sums


def _is_shown(value: object) -> bool:
    return bool(value) or (isinstance(value, int | float) and not isinstance(value, bool))


def _describe(name: str, value: object) -> str:
    if value is True:
        return name
    if isinstance(value, int):
        return f"{value} {name}"
    if isinstance(value, float):
        return f"{value:.1f} {name}"
    if isinstance(value, Mapping):
        return f"{name} ({describe_counts(value)})"
    if isinstance(value, list | tuple):
        return f"{name} {', '.join(map(str, value))}"
    return f"{name} {value}"
