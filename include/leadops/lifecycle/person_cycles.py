"""Numbers the cycles of a person with several leads by time, as if they had always been one lead."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.queries import Queries

queries = Queries(__file__)


class CycleBound(NamedTuple):
    """The start of a lead's cycle, or an end, which belongs to no lead."""

    person_id: int
    bound_at: datetime  # UTC
    is_end: bool
    lead_id: int | None
    cycle: int | None


def number_cycles(bounds: Iterable[CycleBound]) -> dict[tuple[int, int], int]:
    """Return the person's cycle of each (lead, cycle), from one person's bounds in the order of time.

    A cycle begins when none is open, and ends with the first end after that. A cycle that another lead begins
    meanwhile is the same cycle; two cycles of one lead never are.
    """
    numbers: dict[tuple[int, int], int] = {}
    number, is_open = 0, False
    leads_in_cycle: set[int] = set()
    for bound in bounds:
        if bound.lead_id is None or bound.cycle is None:
            is_open = False
            continue
        if not is_open or bound.lead_id in leads_in_cycle:
            number, is_open, leads_in_cycle = number + 1, True, set()
        leads_in_cycle.add(bound.lead_id)
        numbers[bound.lead_id, bound.cycle] = number
    return numbers


class StoredNumber(NamedTuple):
    """The person's cycle that is on record for a cycle of a merged lead."""

    person_id: int
    lead_id: int
    cycle: int
    person_cycle: int


def find_renumbered(connection: Connection, leads: list[int], *, versions: Jsonb, now: datetime) -> list[int]:
    """Return those people among `leads` whose cycles get other numbers by the contract `versions`."""
    stored: dict[int, dict[tuple[int, int], int]] = {}
    for row in queries.all(connection, "list_stored", StoredNumber, leads=leads):
        stored.setdefault(row.person_id, {})[row.lead_id, row.cycle] = row.person_cycle
    if not stored:
        return []
    members = sorted({lead_id for numbers in stored.values() for lead_id, _ in numbers})
    numbered = _number_people(connection, members, versions=versions, now=now)
    return sorted(person_id for person_id in stored if numbered.get(person_id) != stored[person_id])


def renumber_cycles(connection: Connection, leads: list[int], *, versions: Jsonb, now: datetime) -> list[int]:
    """Update lifecycle.person_cycles of `leads`; return all numbers that were or are in use there.

    `leads` holds every lead of each person concerned; `versions` are those of the contract.
    """
    before = queries.values(connection, "list_numbers", leads=leads)
    numbers: dict[tuple[int, int], int] = {}
    for numbers_of_person in _number_people(connection, leads, versions=versions, now=now).values():
        numbers |= numbers_of_person
    queries.run(
        connection,
        "replace_numbers",
        leads=leads,
        lead_ids=[lead_id for lead_id, _ in numbers],
        cycles=[cycle for _, cycle in numbers],
        person_cycles=list(numbers.values()),
    )
    return sorted(set(before) | set(numbers.values()))


def _number_people(
    connection: Connection, leads: list[int], *, versions: Jsonb, now: datetime
) -> dict[int, dict[tuple[int, int], int]]:
    bounds = queries.all(connection, "list_bounds", CycleBound, leads=leads, versions=versions, now=now)
    return {
        person_id: number_cycles(bounds_of_person)
        for person_id, bounds_of_person in groupby(bounds, key=lambda bound: bound.person_id)
    }
