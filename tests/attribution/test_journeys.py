import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leadops.attribution.journeys import Journeys, split_journeys
from tests.attribution.paths import conversions, touches

Row = tuple[int, int, int, int]


def split(
    seen: list[Row], won: list[Row], *, since: int = 0, windows: tuple[int, ...] = (100, 100), visit: int = 0
) -> Journeys:
    return split_journeys(
        touches(seen), conversions(won), since=since, windows=np.array(windows, dtype=np.int64), visit=visit
    )


def show(journeys: Journeys) -> list[tuple[int, list[int]]]:
    """Each journey's person and channels."""
    found: list[tuple[int, list[int]]] = [(int(person), []) for person in journeys.person]
    for journey, name in zip(journeys.journey.tolist(), journeys.name.tolist(), strict=True):
        found[journey][1].append(name)
    return found


def test_a_touch_counts_for_the_next_conversion_only() -> None:
    journeys = split([(1, 10, 1, 0), (1, 20, 2, 1), (1, 40, 3, 0)], [(1, 15, 9, 100), (1, 30, 9, 200)])
    assert show(journeys) == [(1, [0]), (1, [1]), (1, [0])]
    assert journeys.cents.tolist() == [100, 200]
    assert journeys.age.tolist() == [5, 10, 0]


def test_at_the_same_moment_the_place_in_the_order_decides() -> None:
    assert show(split([(1, 10, 4, 0), (1, 10, 6, 1)], [(1, 10, 5, 0)])) == [(1, [0]), (1, [1])]
    assert show(split([(1, 10, 5, 0)], [(1, 10, 5, 0)])) == [(1, [0])]


def test_a_touch_out_of_its_window_is_a_null_path() -> None:
    # Name 0 counts for 5, name 1 for 20: both ends of a window are in it.
    seen = [(1, 1, 1, 1), (1, 24, 2, 0), (1, 25, 3, 0)]
    assert show(split(seen, [(1, 30, 9, 0)], windows=(5, 20))) == [(1, [0]), (1, [1, 0])]


def test_a_conversion_before_the_period_takes_its_touches_with_it() -> None:
    seen = [(1, 10, 1, 0), (1, 60, 2, 1), (2, 20, 3, 0), (2, 70, 4, 1)]
    journeys = split(seen, [(1, 15, 9, 1), (1, 80, 9, 2)], since=50)
    # Of person 2 only what lies in the period makes the null path.
    assert show(journeys) == [(1, [1]), (2, [1])]
    assert journeys.cents.tolist() == [2]


def test_touches_before_the_period_count_for_conversions_in_it() -> None:
    assert show(split([(1, 10, 1, 0)], [(1, 60, 9, 0)], since=50)) == [(1, [0])]


def test_a_visit_is_one_touch() -> None:
    seen = [(1, 0, 1, 0), (1, 9, 2, 0), (1, 18, 3, 0), (1, 28, 4, 0), (1, 30, 5, 1), (2, 31, 6, 1)]
    assert show(split(seen, [], visit=10)) == [(1, [0, 0, 1]), (2, [1])]


def test_what_follows_a_conversion_in_the_same_visit_is_no_new_touch() -> None:
    assert show(split([(1, 0, 1, 0), (1, 8, 2, 0)], [(1, 5, 9, 0)], visit=10)) == [(1, [0])]


def test_the_event_of_a_conversion_is_a_touch_even_within_a_visit() -> None:
    seen, won = [(1, 0, 1, 0), (1, 4, 2, 0), (1, 8, 3, 0)], [(1, 4, 2, 0), (1, 8, 3, 0)]
    assert show(split(seen, won, visit=10)) == [(1, [0, 0]), (1, [0])]


def test_nothing_gives_nothing() -> None:
    journeys = split([], [])
    assert (show(journeys), journeys.converted) == ([], 0)
    assert show(split([], [(1, 5, 9, 7)])) == [(1, [])]


rows = st.tuples(st.integers(1, 3), st.integers(0, 60), st.integers(0, 1))


@given(
    st.lists(rows, max_size=14),
    st.lists(rows, max_size=5),
    st.integers(0, 60),
    st.integers(0, 12),
    st.randoms(use_true_random=False),
)
@settings(deadline=None)
def test_it_is_what_a_plain_loop_finds_whatever_the_order_of_rows(
    seen: list[tuple[int, int, int]],
    won: list[tuple[int, int, int]],
    since: int,
    visit: int,
    shuffler: random.Random,
) -> None:
    touch_rows = [(person, at, seq, name) for seq, (person, at, name) in enumerate(seen)]
    won_rows = [(person, at, 1000 + seq, seq) for seq, (person, at, _) in enumerate(won)]
    windows = (8, 30)
    found = show(split(touch_rows, won_rows, since=since, windows=windows, visit=visit))
    assert found == plainly(touch_rows, won_rows, since, windows, visit)
    shuffler.shuffle(touch_rows)
    shuffler.shuffle(won_rows)
    assert show(split(touch_rows, won_rows, since=since, windows=windows, visit=visit)) == found


def plainly(
    seen: list[Row], won: list[Row], since: int, windows: tuple[int, ...], visit: int
) -> list[tuple[int, list[int]]]:
    paths: list[tuple[int, list[int]]] = []
    nulls: list[tuple[int, list[int]]] = []
    for person in (1, 2, 3):
        mine = sorted((at, seq, name) for who, at, seq, name in seen if who == person)
        kept = [
            row
            for number, row in enumerate(mine)
            if not number or mine[number - 1][2] != row[2] or row[0] - mine[number - 1][0] >= visit
        ]
        ends = sorted((at, seq) for who, at, seq, _ in won if who == person)
        for number in range(len(ends) + 1):
            after = ends[number - 1] if number else (-1, -1)
            end = ends[number] if number < len(ends) else (10**9, 0)
            between = [row for row in kept if after < row[:2] <= end]
            counts = [row for row in between if number < len(ends) and end[0] - row[0] <= windows[row[2]]]
            if number < len(ends) and end[0] >= since:
                paths.append((person, [row[2] for row in counts]))
            null = [row[2] for row in between if row not in counts and row[0] >= since]
            if null:
                nulls.append((person, null))
    return paths + nulls
