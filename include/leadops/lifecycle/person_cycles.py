"""Numbers the cycles of a person with several leads by time, as if they had always been one lead."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from leadops.db import Connection, load_sql


class Bound(NamedTuple):
    """The beginning of a lead's cycle, or an end, which is nobody's in particular."""

    person_id: int
    bound_at: datetime  # UTC
    is_end: bool
    lead_id: int | None
    cycle: int | None


def number_cycles(bounds: Iterable[Bound]) -> dict[tuple[int, int], int]:
    """Return which cycle of the person each (lead, cycle) is, from one person's bounds in the order of time.

    A cycle begins when none is open, and ends with the first end after that. What another lead begins
    meanwhile is the same cycle; two cycles of one lead never are.
    """
    numbers: dict[tuple[int, int], int] = {}
    number, is_open = 0, False
    in_it: set[int] = set()
    for bound in bounds:
        if bound.lead_id is None or bound.cycle is None:
            is_open = False
            continue
        if not is_open or bound.lead_id in in_it:
            number, is_open, in_it = number + 1, True, set()
        in_it.add(bound.lead_id)
        numbers[bound.lead_id, bound.cycle] = number
    return numbers


def renumber_cycles(connection: Connection, leads: list[int], *, values: dict[str, Any]) -> list[int]:
    """Bring lifecycle.person_cycles of `leads` in line; return all numbers that were or are in use there.

    `leads` holds every lead of each person concerned; `values` are the contract's versions and the time.
    """
    asked = values | {"leads": leads}
    before = connection.execute(load_sql("leadops.lifecycle", "list_numbers"), asked).fetchall()
    rows = [Bound(*row) for row in connection.execute(load_sql("leadops.lifecycle", "list_bounds"), asked)]
    numbers: dict[tuple[int, int], int] = {}
    for _, bounds in groupby(rows, key=lambda bound: bound.person_id):
        numbers |= number_cycles(bounds)
    connection.execute(
        load_sql("leadops.lifecycle", "replace_numbers"),
        {
            "leads": leads,
            "owners": [lead for lead, _ in numbers],
            "cycles": [cycle for _, cycle in numbers],
            "numbers": list(numbers.values()),
        },
    )
    return sorted({int(number) for (number,) in before} | set(numbers.values()))
