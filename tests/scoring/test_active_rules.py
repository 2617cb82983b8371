import json
from datetime import timedelta

import pytest

from leadops.errors import TransientError
from leadops.scoring.active_rules import activate_rules, is_active
from leadops.scoring.scoring_rules import RuleSet
from tests.scoring.conftest import NOW, TOKYO, World
from tests.scoring.test_decay_leads import rule_set
from tests.scoring.test_score import VIEW, view
from tests.shipped import SHIPPED


def test_rules_are_recorded_when_they_differ_from_the_last(world: World) -> None:
    one, other = rule_set(VIEW), rule_set({**VIEW, "points": 6})
    world.run(one, [view("one", 1)])
    ids = [
        activate_rules(world.connection, rules=rules, zone=TOKYO, now=NOW)
        for rules in (one, other, other, one)
    ]
    assert ids == [1, 2, 2, 3]
    assert is_active(world.connection, rules=one, zone=TOKYO)
    assert not is_active(world.connection, rules=other, zone=TOKYO)
    assert world.rows("select hash, body from scoring.rule_sets where rule_set_id = 2") == [
        (other.hash(TOKYO), other.body(TOKYO))
    ]
    assert world.rows("select lane, count(*) from scoring.inbox group by lane") == [(1, 2)]


OLD, NEW = rule_set(VIEW), rule_set({**VIEW, "points": 6}, decay={"half_life_days": 9})


def score(world: World, rules: RuleSet, source: str, minutes: float) -> list[int]:
    """Score as the machine `source` does, whose file holds `rules`; return the ledger rows it wrote."""
    return [each.rows for each in world.score(rules, now=NOW + timedelta(minutes=minutes), source=source)]


def recorded(world: World) -> list[str]:
    return [row[0] for row in world.rows("select hash from scoring.rule_sets order by rule_set_id")]


def test_while_a_rollout_is_half_done_the_newer_rules_stay_and_all_score_by_them(world: World) -> None:
    world.run(OLD, [view("one", 1)], source="a")
    score(world, OLD, "b", 0)
    assert sum(score(world, NEW, "b", 1)) == 1
    for minute in range(2, 60, 4):
        assert sum(score(world, OLD, "a", minute)) == 0
        assert sum(score(world, NEW, "b", minute + 1)) == 0
    world.accept([view("two", 2)])
    world.resolve()
    score(world, OLD, "a", 60)
    assert sorted(world.points().values()) == [6, 6]
    assert recorded(world) == [OLD.hash(TOKYO), NEW.hash(TOKYO)]
    assert sum(score(world, NEW, "a", 61)) == 0, "the rollout is done"
    assert len(recorded(world)) == 2


def test_an_old_file_that_is_put_back_takes_effect_at_once_and_stays(world: World) -> None:
    world.run(OLD, [view("one", 1)], source="a")
    for source in "ab":
        score(world, NEW, source, 1)
    assert sum(score(world, OLD, "a", 2)) == 1
    assert sum(score(world, NEW, "b", 3)) == 0, "the other machine is behind now"
    assert sum(score(world, OLD, "b", 4)) == 0
    assert recorded(world) == [OLD.hash(TOKYO), NEW.hash(TOKYO), OLD.hash(TOKYO)]


def test_machines_that_have_new_names_each_time_go_back_once_nobody_uses_the_newer_file(
    world: World,
) -> None:
    world.run(OLD, [view("one", 1)], source="pod 1")
    score(world, NEW, "pod 2", 1)
    assert sum(score(world, OLD, "pod 3", 10)) == 0
    assert sum(score(world, OLD, "pod 4", 11)) == 1, "ten minutes after it was last used"
    assert world.rows("select count(*) from scoring.rule_files") == [(4,)]
    score(world, OLD, "pod 5", 11 + 24 * 60)
    assert world.rows("select source from scoring.rule_files order by 1") == [("pod 4",), ("pod 5",)]
    score(world, OLD, "pod 5", 3 * 24 * 60)
    assert world.rows("select source from scoring.rule_files") == [("pod 5",)]


def test_rules_can_be_read_back_from_what_was_recorded() -> None:
    rules = SHIPPED.scoring
    read, zone = RuleSet.from_body(json.loads(json.dumps(rules.body(TOKYO))), like=rules)
    assert (read.body(zone), zone) == (rules.body(TOKYO), TOKYO)


def test_rules_of_a_newer_version_are_not_scored_by(world: World) -> None:
    world.run(OLD, [view("one", 1)], source="a")
    score(world, NEW, "b", 1)
    world.connection.execute(
        "update scoring.rule_sets set body = jsonb_set(body, '{rules,view,novelty}', '1')"
        " where rule_set_id = 2"
    )
    world.connection.execute("insert into scoring.inbox (lead_id, lane) values (1, 0)")
    with pytest.raises(TransientError, match="finish the rollout"):
        score(world, OLD, "a", 2)
