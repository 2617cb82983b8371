import pytest

from leadops.errors import PermanentError
from leadops.scoring import ledger
from leadops.scoring.ledger import write_off
from tests.identity.test_resolve import seen
from tests.identity.test_split_leads import split
from tests.scoring.conftest import NOW, World
from tests.scoring.test_score import VIEW, rule_set, view

RULES = rule_set(VIEW, fit=[{"name": "a", "trait": "industry", "points": 9, "when": {"equals": "a"}}])


def test_points_written_off_stay_away_and_are_not_told(world: World) -> None:
    world.run(RULES, [view("one", 1), view("who", 2, "identify", properties={"industry": "a"})])
    for (seq,) in world.rows("select seq from scoring.ledger order by seq"):
        assert write_off(world.connection, ledger_seq=seq, reason="the MA refused it", now=NOW)
        assert not write_off(world.connection, ledger_seq=seq, reason="again", now=NOW)
    assert world.rows("select fit, behaviour from scoring.scores") == [(0, 0)]
    assert world.rows(
        "select points, lane, reason from scoring.ledger where kind = 'write_off' order by seq"
    ) == [
        (-5, None, "the MA refused it"),
        (-9, None, "the MA refused it"),
    ]
    world.run(RULES, [view("two", 3)])
    assert world.rows("select fit, behaviour from scoring.scores") == [(0, 5)]
    assert not world.totals_differ()


@pytest.mark.parametrize("seq", [99, 2])
def test_only_rows_with_points_are_written_off(world: World, seq: int) -> None:
    world.run(RULES, [view("one", 1)])
    write_off(world.connection, ledger_seq=1, reason="refused", now=NOW)
    with pytest.raises(PermanentError, match=f"row {seq} cannot be written off"):
        write_off(world.connection, ledger_seq=seq, reason="refused", now=NOW)


def refuse(world: World, seq: int) -> None:
    assert write_off(world.connection, ledger_seq=seq, reason="the MA refused it", now=NOW)


def told(world: World) -> list[tuple[object, ...]]:
    """Return what the MA is told of, in order."""
    return world.rows("select lead_id, points from scoring.ledger where lane is not null order by seq")


def test_points_written_off_are_not_taken_back_again(world: World) -> None:
    world.run(RULES, [view("one", 1)])
    refuse(world, 1)
    world.run(rule_set(VIEW | {"name": "other", "event": "search"}))
    assert told(world) == [(1, 5)]
    assert world.rows("select behaviour from scoring.scores") == [(0,)]
    world.run(RULES)
    assert told(world) == [(1, 5)]
    assert world.rows("select behaviour from scoring.scores") == [(0,)]
    assert not world.totals_differ()


def test_of_points_written_off_in_part_only_the_rest_is_taken_back(world: World) -> None:
    world.run(RULES, [view("one", 1)])
    world.run(rule_set(VIEW | {"points": 8}))
    assert told(world) == [(1, 5), (1, 3)]
    refuse(world, 1)
    world.run(rule_set(VIEW | {"points": 2}))
    assert told(world)[2:] == [(1, -3)]
    assert world.rows("select behaviour from scoring.scores") == [(0,)]
    world.run(rule_set(VIEW | {"points": 8}))
    assert told(world)[3:] == [(1, 3)]
    assert world.rows("select behaviour from scoring.scores") == [(3,)]


def test_a_correction_that_was_written_off_is_not_sent_again(world: World) -> None:
    world.run(rule_set(VIEW | {"points": 8}), [view("one", 1)])
    world.run(RULES)
    assert told(world) == [(1, 8), (1, -3)]
    refuse(world, 2)
    world.run(rule_set(VIEW | {"points": 4}))
    assert told(world)[2:] == [(1, -1)]
    world.run(rule_set(VIEW | {"name": "other", "event": "search"}))
    assert told(world)[3:] == [(1, -7)]
    assert world.rows("select behaviour from scoring.scores") == [(0,)]


def test_a_lead_whose_points_were_written_off_stays_at_zero_when_joined_and_split(world: World) -> None:
    world.run(RULES, [view("a", 1, email="a@x.example"), view("b", 2, email="b@x.example")])
    refuse(world, 2)
    world.accept([seen(f"{name}2", email=f"{name}@x.example", user_id="u") for name in "ab"])
    world.run(RULES)
    assert [points for lead, points in told(world) if lead == 2] == [5]
    split(world, lead=2)
    world.score(RULES)
    assert [points for lead, points in told(world) if lead == 2] == [5]
    assert world.rows("select behaviour from scoring.scores where lead_id = 2") == [(0,)]
    assert not world.totals_differ()


def test_statistics_are_renewed_when_the_ledger_has_doubled(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "MANY_ROWS", 1)

    def run(first: int, last: int) -> float:
        """Score one act of each of these leads; return how many rows the planner takes the ledger to have."""
        world.run(RULES, [view(f"e{n}", n, email=f"{n}@x.example") for n in range(first, last)])
        (known,) = world.rows("select reltuples from pg_class where oid = 'scoring.ledger'::regclass")
        return float(known[0])

    assert run(0, 300) == 300
    assert run(300, 310) == 300, "a few rows more change no plan"
    assert run(310, 700) == 700
