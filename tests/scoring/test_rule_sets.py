from leadops.scoring.rule_sets import is_in_effect, put_in_effect
from tests.scoring.conftest import NOW, TOKYO, World
from tests.scoring.test_score import VIEW, rule_set, view


def test_rules_are_recorded_when_they_differ_from_the_last(world: World) -> None:
    one, other = rule_set(VIEW), rule_set({**VIEW, "points": 6})
    world.run(one, [view("one", 1)])
    ids = [
        put_in_effect(world.connection, rules=rules, zone=TOKYO, now=NOW)
        for rules in (one, other, other, one)
    ]
    assert ids == [1, 2, 2, 3]
    assert is_in_effect(world.connection, rules=one, zone=TOKYO)
    assert not is_in_effect(world.connection, rules=other, zone=TOKYO)
    assert world.rows("select hash, body from scoring.rule_sets where rule_set_id = 2") == [
        (other.hash(TOKYO), other.body(TOKYO))
    ]
    assert world.rows("select lane, count(*) from scoring.inbox group by lane") == [(1, 2)]
