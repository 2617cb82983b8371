import pytest

from leadops.errors import PermanentError
from leadops.scoring.ledger import write_off
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
