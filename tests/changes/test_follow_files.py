"""What a changed file does: it takes effect where it moves few leads, else it waits for a human."""

import json
from datetime import timedelta

import pytest

from leadops.changes.answer_change import answer_change
from leadops.changes.change_record import list_changes
from leadops.changes.weigh_change import ChangeEffect
from leadops.errors import PermanentError
from leadops.identity.resolve import resolve_events
from tests.changes.fleet import Fleet, contract, database_url, fleet, fleet_template, rules
from tests.identity.test_resolve import seen
from tests.shipped import SHIPPED, change

__all__ = ["database_url", "fleet", "fleet_template"]

MINUTE = timedelta(minutes=1)


def test_exactly_a_fifth_of_the_leads_passes_and_takes_effect_in_the_same_minute(fleet: Fleet) -> None:
    # 15 points of behaviour are grade 3 (from 10), 5 are grade 4: the two of ten that visited move.
    fleet.a.write("scoring", rules(visit=5))
    assert fleet.a.minute().in_effect == ("scoring",)
    assert fleet.points() == [5] * 2 + [15] * 8
    assert fleet.open_changes() == []


def test_one_lead_more_than_a_fifth_waits_and_nothing_moves(fleet: Fleet) -> None:
    fleet.add_leads(1, "visit")
    fleet.a.write("scoring", rules(visit=5))
    assert fleet.a.minute().waiting == ("scoring.yaml",)  # 3 of 11 leads
    change = fleet.waiting()
    assert change.reason == "more than 20% of the leads get another grade"
    effect = change.read_effect()
    assert effect
    assert (effect.with_points, effect.changed, effect.moved, effect.new_mqls) == (11, 3, 3, 0)
    assert [str(lead) for lead in effect.examples] == [
        "1: 15 → 5, C3 → C4",
        "2: 15 → 5, C3 → C4",
        "11: 15 → 5, C3 → C4",
    ]
    for _ in range(3):
        assert fleet.a.minute().waiting == ()
    assert fleet.points() == [15] * 11
    assert fleet.waiting().weighed_at == change.weighed_at


def test_what_waits_to_be_scored_is_no_effect_of_the_change(fleet: Fleet) -> None:
    fleet.a.write("kpi", contract(fit=0, behaviour=15))
    assert fleet.a.minute().in_effect == ("kpi",)
    assert fleet.mqls() == 10
    # Three new leads get 15 points and are MQL in this minute, whatever becomes of the change.
    fleet.add_leads(3, "webinar", are_scored=False)
    fleet.a.write("scoring", rules(visit=14))
    assert fleet.a.minute().in_effect == ("scoring",)
    (effect,) = (
        change.read_effect() for change in list_changes(fleet.connection) if change.subject == "scoring.yaml"
    )
    assert effect
    assert (effect.with_points, effect.changed, effect.moved, effect.new_mqls) == (13, 2, 0, 0)
    assert (fleet.points(), fleet.mqls()) == ([14] * 2 + [15] * 11, 13)


def test_points_that_leave_every_grade_as_it_is_pass(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(visit=10, webinar=29))  # grade 3 is from 10 to 29
    assert fleet.a.minute().in_effect == ("scoring",)
    assert fleet.points() == [10] * 2 + [29] * 8


def test_other_bounds_of_the_grades_are_weighed_though_no_points_change(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules() + "grades: {behaviour: [60, 30, 16]}\n")
    assert fleet.a.minute().waiting == ("scoring.yaml",)
    effect = fleet.waiting().read_effect()
    assert effect
    assert (effect.moved, effect.changed) == (10, 0)
    assert fleet.a.config().scoring.grades == SHIPPED.scoring.grades


def test_an_approved_change_takes_effect_with_the_content_that_was_asked_about(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    fleet.a.write("scoring", rules(webinar=5, visit=1000))  # the minute in which this is seen has not come
    answer_change(fleet.connection, change.short_hash, answer="approved", by="hanako", now=fleet.now)
    assert fleet.a.config().scoring.behaviour[0].points == 15
    fleet.a.score()
    assert fleet.points() == [15] * 2 + [5] * 8
    assert fleet.world.rows("select distinct lane from scoring.ledger where points < 0") == [(1,)]
    fleet.connection.commit()
    assert fleet.a.minute().in_effect == ("scoring",)  # two of ten leads
    assert fleet.points() == [1000] * 2 + [5] * 8
    rows = fleet.world.rows(
        "select decided_by, status from changes.changes where decided_at = %s", fleet.now - MINUTE
    )
    assert rows == [("hanako", "approved")]


def test_rejected_content_is_not_asked_about_again_until_it_changes(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    answer_change(fleet.connection, change.hash, answer="rejected", by="hanako", now=fleet.now)
    for _ in range(3):
        assert fleet.a.minute().waiting == ()
    assert [row.status for row in fleet.open_changes()] == ["rejected"]
    assert fleet.points() == [15] * 10
    fleet.b.write("scoring", rules(webinar=5))  # the rollout goes on
    assert fleet.b.minute().waiting == ()
    for machine in (fleet.a, fleet.b):
        machine.write("scoring", rules())
        machine.minute()
    assert fleet.open_changes() == []
    fleet.a.write("scoring", rules(webinar=5))
    assert fleet.a.minute().waiting == ("scoring.yaml",)


def test_a_rejected_change_can_still_be_approved(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    answer_change(fleet.connection, change.hash, answer="rejected", by="hanako", now=fleet.now)
    answer_change(fleet.connection, change.hash, answer="approved", by="taro", now=fleet.now)
    fleet.a.minute()
    assert fleet.points() == [15] * 2 + [5] * 8


def test_a_file_that_returns_withdraws_the_question(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    fleet.a.write("scoring", rules() + "# back again\n")
    fleet.a.minute()
    assert fleet.open_changes() == []
    with pytest.raises(PermanentError, match=r"^change \w{12} does not wait any more: withdrawn 2026-07-30"):
        answer_change(fleet.connection, change.hash, answer="approved", by="hanako", now=fleet.now)
    assert fleet.points() == [15] * 10


@pytest.mark.parametrize(
    ("prefix", "message"),
    [("abcd", "there is no change abcd"), ("abc", "give at least four characters of the hash")],
)
def test_an_unknown_hash_is_one_line(fleet: Fleet, prefix: str, message: str) -> None:
    with pytest.raises(PermanentError, match=f"^{message}"):
        answer_change(fleet.connection, prefix, answer="rejected", by="hanako", now=fleet.now)


def test_two_answers_cannot_both_count(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    answer_change(fleet.connection, change.hash, answer="rejected", by="hanako", now=fleet.now)
    with pytest.raises(PermanentError, match="was rejected already, by hanako"):
        answer_change(fleet.connection, change.hash, answer="rejected", by="taro", now=fleet.now)


def test_a_rollout_over_two_machines_is_one_question_and_nothing_goes_back_and_forth(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    change = fleet.waiting()
    for _ in range(2):
        fleet.b.minute()
        fleet.a.minute()
    assert fleet.waiting().hash == change.hash
    answer_change(fleet.connection, change.hash, answer="approved", by="hanako", now=fleet.now)
    for _ in range(3):  # B still has the old file
        fleet.b.minute()
        fleet.a.minute()
    assert fleet.points() == [15] * 2 + [5] * 8
    assert fleet.open_changes() == []
    fleet.b.write("scoring", rules(webinar=5))
    fleet.b.minute()
    assert fleet.open_changes() == []
    assert fleet.world.rows("select count(*) from scoring.rule_sets") == [(2,)]
    fleet.connection.commit()


def test_the_last_of_two_different_changes_is_asked_about(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    fleet.b.write("scoring", rules(webinar=4))
    fleet.b.minute()
    first = fleet.waiting().content["scoring"]["behaviour"][1]["points"]
    fleet.a.minute()
    assert (first, fleet.waiting().content["scoring"]["behaviour"][1]["points"]) == (4, 4)


def test_a_change_that_is_taken_back_after_it_took_effect_is_a_change(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(visit=5))
    fleet.a.minute()
    fleet.a.write("scoring", rules())
    assert fleet.a.minute().in_effect == ("scoring",)  # two of ten leads
    assert fleet.points() == [15] * 10
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.minute()
    answer_change(fleet.connection, fleet.waiting().hash, answer="approved", by="hanako", now=fleet.now)
    fleet.a.minute()
    fleet.a.write("scoring", rules())
    assert fleet.a.minute().waiting == ("scoring.yaml",)
    assert fleet.points() == [15] * 2 + [5] * 8


def test_the_shipped_settings_come_back_as_a_change_too(fleet: Fleet) -> None:
    fleet.a.write("scoring", "# none of our own\n")
    assert fleet.a.minute().waiting == ("scoring.yaml",)  # the shipped rules know neither event
    answer_change(fleet.connection, fleet.waiting().hash, answer="approved", by="hanako", now=fleet.now)
    assert fleet.a.config().scoring == SHIPPED.scoring
    fleet.a.minute()
    assert fleet.points() == [0] * 10
    (fleet.a.folder / "scoring.yaml").unlink()
    assert fleet.a.minute().waiting == ()
    assert fleet.a.config().refused == {}


def test_a_new_machine_with_an_older_file_waits_until_nobody_has_the_newer_one(fleet: Fleet) -> None:
    for machine in (fleet.a, fleet.b):
        machine.write("scoring", rules(visit=5))
        machine.minute()
    replacement = fleet.add_machine("c")
    replacement.write("scoring", rules())
    last_used = fleet.now
    while fleet.now < last_used + timedelta(minutes=9):
        replacement.minute()
        assert fleet.points() == [5] * 2 + [15] * 8
    replacement.minute()
    replacement.minute()
    assert fleet.points() == [15] * 10


def test_two_files_that_change_at_once_are_weighed_together(fleet: Fleet) -> None:
    fleet.a.write("changes", "max_new_mqls: 1\n")
    assert fleet.a.minute().in_effect == ("changes",)
    fleet.a.write("scoring", rules(visit=29))  # grade 3 as before, and no MQL, which needs 40 and 20 of fit
    fleet.a.write("kpi", contract(fit=0, behaviour=29))  # no MQL either: nobody has more than 15
    assert fleet.a.minute().waiting == ("kpi.yaml, scoring.yaml",)
    change = fleet.waiting()
    effect = change.read_effect()
    assert effect
    assert (effect.moved, effect.changed, effect.new_mqls) == (0, 2, 2)
    assert str(effect.examples[0]) == "1: 15 → 29, C3 → C3, new MQL"
    fleet.a.write("kpi", contract(fit=0, behaviour=30))
    assert fleet.a.minute().in_effect == ("kpi", "scoring")
    assert (fleet.mqls(), fleet.open_changes()) == (0, [])


def test_what_moves_nobody_takes_effect_while_another_file_waits_or_is_broken(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(webinar=5))
    fleet.a.write("kpi", "versions: []\n")
    fleet.a.write("company", "currency: EUR\n")
    result = fleet.a.minute()
    assert (result.in_effect, result.waiting) == (("company",), ("scoring.yaml",))
    config = fleet.a.config()
    assert (config.company.currency, config.kpi.versions) == ("EUR", SHIPPED.kpi.versions)
    assert list(config.refused) == ["kpi"]


def test_a_version_of_the_contract_that_begins_later_is_weighed_when_it_is_written(fleet: Fleet) -> None:
    fleet.a.write("changes", "max_new_mqls: 7\n")
    fleet.a.minute()
    later = json.loads(contract(fit=0, behaviour=15))
    later["versions"][0] |= {"version": "2026-Q4", "effective_from": "2026-10-01"}
    later["versions"].insert(0, json.loads(contract())["versions"][0])
    fleet.a.write("kpi", json.dumps(later))
    assert fleet.a.minute().waiting == ("kpi.yaml",)
    effect = fleet.waiting().read_effect()
    assert effect
    assert effect.new_mqls == 10


def test_an_mql_already_and_a_lead_that_passes_anyway_are_not_new(fleet: Fleet) -> None:
    fleet.a.write("kpi", contract(fit=0, behaviour=15))
    assert fleet.a.minute().in_effect == ("kpi",)
    assert fleet.mqls() == 10
    fleet.a.write("changes", "max_new_mqls: 0\n")
    fleet.a.minute()
    fleet.a.write("kpi", contract(fit=0, behaviour=14))
    assert fleet.a.minute().in_effect == ("kpi",)


def test_a_list_that_makes_acts_of_people_a_machines_waits(fleet: Fleet) -> None:
    fleet.a.write("scoring", rules(mail_click=15))
    fleet.a.minute()
    fleet.add_leads(3, "mail_click", context={"user_agent": "our mail gateway 1.0"}, properties={"mail": "m"})
    fleet.now += timedelta(minutes=1)  # acts through mails wait for some seconds
    fleet.a.score()
    assert fleet.points() == [15] * 13
    fleet.a.write("machines", "signals: {agent: {also: ['our mail gateway']}}\n")
    assert fleet.a.minute().waiting == ("machines.yaml",)  # 3 of 13 leads
    change = fleet.waiting()
    effect = change.read_effect()
    assert effect
    assert (effect.changed, effect.moved) == (3, 3)
    assert str(effect.examples[0]) == "11: 15 → 0, C3 → C4"
    fleet.a.minute()
    assert fleet.points() == [15] * 13
    assert fleet.world.rows("select count(*) from machines.verdicts") == [(0,)]
    fleet.connection.commit()
    answer_change(fleet.connection, change.hash, answer="approved", by="hanako", now=fleet.now)
    fleet.a.minute()
    assert fleet.points() == [15] * 10 + [0] * 3


def test_other_merges_are_played_through_and_wait(fleet: Fleet) -> None:
    # Three pairs share a user id each; as long as a user id merges nobody, all have 15 points, grade 3.
    fleet.a.write("identity", "merge_by: [enrichment_id]\n")
    assert fleet.a.minute().in_effect == ("identity",)
    for pair in ("u1", "u1", "u2", "u2", "u3", "u3"):
        fleet.add_leads(1, "visit", user_id=pair)
    assert fleet.points() == [15] * 16
    fleet.a.write("identity", "merge_by: [user_id]\n")
    assert fleet.a.minute().waiting == ("identity.yaml",)
    effect = fleet.waiting().read_effect()
    assert effect
    # The older of each pair gets 30 points, grade 2, the younger 0, grade 4: six of sixteen move.
    assert (effect.with_points, effect.changed, effect.moved) == (16, 6, 6)
    assert str(effect.examples[0]) == "11: 15 → 30, C3 → C2"
    assert fleet.a.config("gateway").identity.merge_by == ["enrichment_id"]
    assert fleet.world.rows("select count(*) from identity.people") == [(0,)]
    fleet.connection.commit()
    answer_change(fleet.connection, fleet.waiting().hash, answer="approved", by="hanako", now=fleet.now)
    fleet.a.minute()
    assert fleet.a.config("gateway").identity.merge_by == ["user_id"]
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.a.score()
    assert fleet.points() == [15] * 10 + [30, 0] * 3


def test_a_domain_whose_spellings_are_joined_is_weighed_and_joins_what_is_there(fleet: Fleet) -> None:
    # The older of the two gets 30 points, the younger 0: two of twelve move, less than a fifth.
    pair = ["name@buyer.example", "name+webinar@buyer.example"]
    for email in pair:
        fleet.world.accept([seen(f"visit of {email}", event="visit", email=email)], received_at=fleet.now)
    fleet.a.minute()
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.a.score()
    assert fleet.points() == [15] * 12
    fleet.a.write("identity", "mailboxes: {plus_domains: [buyer.example]}\n")
    assert fleet.a.minute().in_effect == ("identity",)
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.a.score()
    assert fleet.points() == [15] * 10 + [30, 0]
    fleet.a.write("identity", "mailboxes: {plus_domains: []}\n")
    assert fleet.a.minute().in_effect == ("identity",)
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.a.score()
    assert fleet.points() == [15] * 12


def test_larger_limits_always_wait_and_smaller_ones_do_not(fleet: Fleet) -> None:
    fleet.a.write("changes", "max_moved_share: 1\n")
    assert fleet.a.minute().waiting == ("changes.yaml",)
    assert fleet.waiting().reason == "changes.yaml would let changes move more"
    fleet.a.write("changes", "max_moved_share: 0.1\n")
    assert fleet.a.minute().in_effect == ("changes",)
    fleet.a.write("scoring", rules(visit=5))
    assert fleet.a.minute().waiting == ("scoring.yaml",)


def test_where_nobody_has_points_everything_takes_effect_at_once(
    fleet: Fleet,
) -> None:
    fleet.world.clear()
    fleet.a.write("scoring", rules(visit=5))
    fleet.a.write("changes", "max_moved_share: 1\n")
    config = fleet.a.config()
    assert config.scoring.behaviour[0].points == 5
    assert config.changes.max_moved_share == 1


def test_a_change_is_weighed_when_leads_are_scored_again(fleet: Fleet) -> None:
    fleet.connection.execute("insert into scoring.inbox (lead_id, lane) values (1, 1)")
    fleet.connection.commit()
    fleet.a.write("scoring", rules(visit=5))
    result = fleet.a.minute()
    assert result.problem.startswith("scoring.yaml: leads still wait to be scored again")
    assert fleet.a.minute().in_effect == ("scoring",)


@pytest.mark.parametrize(
    ("moved", "with_points", "share", "is_excess"),
    [
        (2, 10, 0.2, False),
        (3, 10, 0.2, True),
        (1, 5, 0.2, False),
        (7, 70, 0.1, False),
        (8, 70, 0.1, True),
        (29, 100, 0.29, False),
        (1, 3, 0.0, True),
        (0, 3, 0.0, False),
        (5, 0, 0.2, False),
    ],
)
def test_the_limit_is_met_exactly(moved: int, with_points: int, share: float, is_excess: bool) -> None:
    limits = change(SHIPPED.changes, max_moved_share=share)
    effect = ChangeEffect(with_points=with_points, moved=moved)
    assert bool(effect.find_excess(limits)) is is_excess


def test_fifty_new_mqls_pass_and_one_more_waits() -> None:
    limits = SHIPPED.changes
    assert ChangeEffect(with_points=1000, new_mqls=50).find_excess(limits) == []
    assert ChangeEffect(with_points=1000, new_mqls=51).find_excess(limits) == ["more than 50 new MQLs"]


def test_our_own_people_are_weighed_by_the_points_that_they_lose(fleet: Fleet) -> None:
    fleet.a.write("company", "internal: {addresses: [lead1@example.com, lead2@example.com]}\n")
    assert fleet.a.minute().in_effect == ("company",)  # two of ten leads
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.connection.commit()
    fleet.a.score()
    assert fleet.points() == [0] * 2 + [15] * 8
    fleet.a.write("company", "internal: {domains: [example.com]}\n")
    assert fleet.a.minute().waiting == ("company.yaml",)
    effect = fleet.waiting().read_effect()
    assert effect
    assert (effect.with_points, effect.changed, effect.moved) == (8, 8, 8)
    resolve_events(fleet.connection, now=fleet.now, settings=fleet.a.config().identity)
    fleet.connection.commit()
    fleet.a.score()
    assert fleet.points() == [0] * 2 + [15] * 8
