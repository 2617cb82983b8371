"""The cycles of a person with several leads are those that one lead with all of their events would have."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadops.lifecycle.person_cycles import CycleBound, number_cycles

START = datetime(2026, 6, 1, tzinfo=UTC)


def bounds(*given: tuple[float, int, int] | tuple[float]) -> list[CycleBound]:
    """(hour, lead, cycle) is a beginning, (hour,) an end."""
    rows = []
    for hour, *own in given:
        at = START + timedelta(hours=hour)
        rows.append(CycleBound(1, at, not own, *own) if own else CycleBound(1, at, True, None, None))
    return rows


def test_what_begins_after_an_end_is_the_next() -> None:
    found = number_cycles(bounds((1, 1, 1), (2,), (3, 2, 1)))
    assert found == {(1, 1): 1, (2, 1): 2}


def test_what_begins_while_another_is_open_is_the_same() -> None:
    found = number_cycles(bounds((1, 2, 1), (2, 1, 1), (3,), (4,), (5, 1, 2), (6, 2, 2)))
    assert found == {(2, 1): 1, (1, 1): 1, (1, 2): 2, (2, 2): 2}


def test_an_end_closes_what_is_open_whoever_began_it() -> None:
    found = number_cycles(bounds((1, 1, 1), (4, 2, 1), (5,), (6, 1, 2), (7,), (8, 2, 2)))
    assert found == {(1, 1): 1, (2, 1): 1, (1, 2): 2, (2, 2): 3}


def test_two_cycles_of_one_lead_are_never_one() -> None:
    assert number_cycles(bounds((1, 1, 1), (2, 1, 2))) == {(1, 1): 1, (1, 2): 2}


@given(st.lists(st.sampled_from([None, 1, 2, 3]), max_size=12))
def test_as_if_they_had_always_been_one(story: list[int | None]) -> None:
    own: dict[int, int] = {}
    rows, number, is_open, in_it, oracle = [], 0, False, set[int](), {}
    for hour, lead in enumerate(story):
        at = START + timedelta(hours=hour)
        if lead is None:
            rows.append(CycleBound(1, at, True, None, None))
            is_open = False
            continue
        if lead in in_it and is_open:
            continue  # an open cycle of its own: it is not MQL again
        own[lead] = own.get(lead, 0) + 1
        rows.append(CycleBound(1, at, False, lead, own[lead]))
        if not is_open:
            number, is_open, in_it = number + 1, True, set()
        in_it.add(lead)
        oracle[lead, own[lead]] = number
    numbers = number_cycles(rows)
    assert numbers == oracle
    for lead, count in own.items():
        mine = [numbers[lead, cycle] for cycle in range(1, count + 1)]
        assert mine == sorted(set(mine))
        assert all(number >= cycle for cycle, number in enumerate(mine, start=1))
