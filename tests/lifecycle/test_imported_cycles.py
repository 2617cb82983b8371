from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leadops.lifecycle.imported_cycles import ORDER, ImportedStage, split_cycles

DAY_0 = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return DAY_0 + timedelta(days=number)


def split(
    *stages: tuple[str, float], live: tuple[tuple[int, float], ...] = (), created: float = 0
) -> list[tuple[int, str, float]]:
    found = split_cycles(
        [
            ImportedStage(7, stage, day(number), reference=str(place))
            for place, (stage, number) in enumerate(stages)
        ],
        created_at=day(created),
        live=[(cycle, day(at)) for cycle, at in live],
    )
    return sorted(
        (cycle, stage, (each.occurred_at - DAY_0) / timedelta(days=1))
        for (cycle, stage), each in found.items()
    )


def test_one_story() -> None:
    assert split(("mql", 0), ("sal", 1), ("sql", 2), ("won", 9)) == [
        (1, "mql", 0),
        (1, "sal", 1),
        (1, "sql", 2),
        (1, "won", 9),
    ]


def test_an_mql_after_the_end_begins_the_next_cycle() -> None:
    assert split(("mql", 0), ("lost", 3), ("mql", 5), ("won", 8)) == [
        (1, "lost", 3),
        (1, "mql", 0),
        (2, "mql", 5),
        (2, "won", 8),
    ]


def test_a_lost_deal_that_is_won_later_is_one_cycle() -> None:
    assert split(("mql", 0), ("lost", 3), ("won", 8)) == [(1, "lost", 3), (1, "mql", 0), (1, "won", 8)]


def test_a_second_won_deal_is_a_second_cycle() -> None:
    assert split(("mql", 0), ("won", 3), ("won", 8)) == [(1, "mql", 0), (1, "won", 3), (2, "won", 8)]
    assert split(("mql", 0), ("won", 3), ("won", 3)) == [(1, "mql", 0), (1, "won", 3), (2, "won", 3)]


def test_a_deal_opened_again_goes_through_its_stages_again() -> None:
    assert split(("mql", 0), ("sql", 1), ("lost", 3), ("sql", 5), ("won", 8)) == [
        (1, "lost", 3),
        (1, "mql", 0),
        (1, "sql", 1),
        (2, "sql", 5),
        (2, "won", 8),
    ]


def test_of_a_stage_repeated_in_an_open_cycle_the_first_counts() -> None:
    assert split(("mql", 0), ("mql", 2), ("sal", 3), ("sal", 4)) == [(1, "mql", 0), (1, "sal", 3)]


def test_won_before_the_first_contact_stays_with_its_mql() -> None:
    assert split(("won", -2), ("mql", 0)) == [(1, "mql", 0), (1, "won", -2)]
    assert split(("won", -2), ("mql", 5)) == [(1, "mql", 5), (1, "won", -2)]


def test_an_old_customer_who_becomes_mql_begins_anew() -> None:
    assert split(("won", 3), ("mql", 50)) == [(1, "won", 3), (2, "mql", 50)]


def test_live_cycles_keep_their_numbers() -> None:
    past = (("mql", 0), ("lost", 3), ("mql", 5), ("won", 8))
    assert split(*past, live=((1, 20), (2, 40))) == [
        (-1, "lost", 3),
        (-1, "mql", 0),
        (0, "mql", 5),
        (0, "won", 8),
    ]


def test_what_happened_in_a_live_cycle_is_of_it() -> None:
    assert split(("won", 25), ("won", 45), live=((1, 20), (2, 40))) == [(1, "won", 25), (2, "won", 45)]


def test_an_open_story_goes_on_in_the_live_cycle_that_follows() -> None:
    assert split(("mql", 0), ("sal", 1), ("won", 30), live=((1, 20),)) == [
        (1, "mql", 0),
        (1, "sal", 1),
        (1, "won", 30),
    ]


@given(st.data())
def test_the_order_does_not_matter_and_no_kind_of_stage_is_lost(data: st.DataObject) -> None:
    stages = data.draw(
        st.lists(st.tuples(st.sampled_from(ORDER), st.integers(-3, 12)), max_size=8, unique=True)
    )
    live = data.draw(st.sampled_from([(), ((1, 4),), ((1, 4), (2, 8))]))
    given_ = [ImportedStage(7, stage, day(number)) for stage, number in stages]
    options = {"created_at": DAY_0, "live": [(cycle, day(at)) for cycle, at in live]}
    found = split_cycles(given_, **options)
    assert split_cycles(data.draw(st.permutations(given_)), **options) == found
    assert {stage for _, stage in found} == {stage for stage, _ in stages}
    assert set(map(id, found.values())) <= set(map(id, given_))
    assert len(set(map(id, found.values()))) == len(found)
