from leadops.scoring.preview import LeadChange, preview_leads
from tests.scoring.conftest import TOKYO, World
from tests.scoring.test_score import VIEW, rule_set, view

RULES = rule_set(VIEW)


def test_a_changed_rule_file_is_previewed_for_every_lead(world: World) -> None:
    names = [f"{n}@x.example" for n in range(5)]
    world.run(RULES, [view(f"e{n}", n, email=names[n]) for n in range(5)])
    world.accept([view("new", 9, email=names[0])])
    world.resolve()
    changed = rule_set({**VIEW, "points": 40})
    world.connection.commit()
    preview = preview_leads(world.connection, rules=changed, zone=TOKYO, max_leads=2, chunk_leads=2)
    assert (preview.rules_change, preview.leads, preview.changed, preview.points) == (True, 5, 5, 5 * 35 + 40)
    assert preview.changes == [
        LeadChange(1, before=5, after=80, grade_before="C4", grade_after="C1", rules={"view": 75}),
        LeadChange(2, before=5, after=40, grade_before="C4", grade_after="C2", rules={"view": 35}),
    ]
    assert world.rows("select sum(points), count(*) from scoring.ledger") == [(25, 5)]
    assert world.rows("select count(*) from scoring.rule_sets") == [(1,)]
    assert world.rows("select count(*) from scoring.inbox") == [(1,)]


def test_under_the_rules_in_effect_only_who_waits_is_looked_at(world: World) -> None:
    world.run(RULES, [view("one", 1), view("two", 2, email="b@x.example")])
    world.accept([view("three", 3)])
    world.resolve()
    world.connection.commit()
    preview = preview_leads(world.connection, rules=RULES, zone=TOKYO, max_leads=9)
    assert (preview.rules_change, preview.leads, preview.points) == (False, 1, 5)
    assert world.score(RULES)[0].points == 5


def test_leads_that_have_no_score_yet_begin_at_zero(world: World) -> None:
    rules = rule_set(
        VIEW, fit=[{"name": "big", "trait": "employees", "points": 9, "when": {"at_least": 100}}]
    )
    world.run(rules)
    world.accept(
        [view("one", 1), view("told", 2, "identify", email="b@x.example", properties={"employees": 200})]
    )
    world.resolve()
    world.connection.commit()
    preview = preview_leads(world.connection, rules=rules, zone=TOKYO, max_leads=9)
    assert [(change.before, change.after, change.rules) for change in preview.changes] == [
        (0, 5, {"view": 5}),
        (0, 9, {"big": 9}),
    ]
