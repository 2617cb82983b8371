"""Small changes in a row: the last one waits where all of them together move more than one may."""

from datetime import timedelta

import pytest

from leadops.changes.answer_change import answer_change
from tests.changes.fleet import Fleet, contract, database_url, fleet, fleet_template, rules

__all__ = ["database_url", "fleet", "fleet_template"]


@pytest.fixture
def stepped(fleet: Fleet) -> Fleet:
    """Eleven leads with 15 points each: two for a visit, eight for a webinar, one for a demo."""
    for machine in (fleet.a, fleet.b):
        machine.write("scoring", rules(demo=15))
        machine.minute()
    fleet.add_leads(1, "demo")
    assert fleet.points() == [15] * 11
    fleet.now += timedelta(days=8)  # the rule for demos is no step of this week
    return fleet


def test_two_steps_that_move_more_than_a_fifth_together_wait_at_the_second(stepped: Fleet) -> None:
    stepped.a.write("scoring", rules(demo=15, visit=5))
    began = stepped.now
    assert stepped.a.minute().in_effect == ("scoring",)  # two of eleven
    stepped.now += timedelta(hours=5)
    stepped.a.write("scoring", rules(demo=5, visit=5))
    assert stepped.a.minute().waiting == ("scoring.yaml",)  # one of eleven, with the others three
    change = stepped.waiting()
    effect = change.read_effect()
    assert effect
    assert (effect.with_points, effect.moved) == (11, 1)
    assert change.reason == (
        f"with the changes since {began - timedelta(days=7) + timedelta(hours=5, minutes=2):%Y-%m-%d %H:%M}"
        " (UTC), 3 leads and 0 new MQLs: more than 20% of the leads get another grade"
    )
    assert stepped.points() == [5] * 2 + [15] * 9
    for points in (rules(demo=15, visit=15), rules(demo=5, visit=15)):
        # The first step is taken back: nobody has moved. Then the second comes alone: one of eleven has.
        stepped.a.write("scoring", points)
        assert stepped.a.minute().in_effect == ("scoring",)
    assert stepped.points() == [15] * 10 + [5]


def test_an_approval_begins_the_counting_again(stepped: Fleet) -> None:
    stepped.a.write("scoring", rules(demo=15, visit=5))
    stepped.a.minute()
    stepped.a.write("scoring", rules(demo=5, visit=5))
    stepped.a.minute()
    answer_change(stepped.connection, stepped.waiting().hash, answer="approved", by="hanako", now=stepped.now)
    stepped.a.score()
    stepped.a.write("scoring", rules(demo=5, visit=29))  # two of eleven; with the demo it would be three
    assert stepped.a.minute().in_effect == ("scoring",)
    assert stepped.points() == [29] * 2 + [15] * 8 + [5]


@pytest.mark.parametrize(
    ("minutes", "waits"), [(7 * 24 * 60 - 2, True), (7 * 24 * 60 - 1, False)], ids=["within", "after"]
)
def test_a_step_counts_for_seven_days(stepped: Fleet, minutes: int, waits: bool) -> None:
    stepped.a.write("scoring", rules(demo=15, visit=5))
    stepped.a.minute()
    stepped.now += timedelta(minutes=minutes)
    stepped.a.write("scoring", rules(demo=5, visit=5))
    result = stepped.a.minute()  # a minute later
    assert (result.waiting, result.in_effect) == ((("scoring.yaml",), ()) if waits else ((), ("scoring",)))


def test_new_mqls_are_added_up_because_they_stay(stepped: Fleet) -> None:
    stepped.a.write("changes", "max_new_mqls: 2\n")
    assert stepped.a.minute().in_effect == ("changes",)
    stepped.a.write("scoring", rules(demo=15, visit=29))
    stepped.a.write("kpi", contract(fit=0, behaviour=29))
    assert stepped.a.minute().in_effect == ("kpi", "scoring")
    assert stepped.mqls() == 2
    stepped.a.write("scoring", rules(demo=29, visit=29))  # within grade 3, and one more MQL
    assert stepped.a.minute().waiting == ("scoring.yaml",)
    assert stepped.waiting().reason.endswith(", 0 leads and 3 new MQLs: more than 2 new MQLs")
    stepped.a.write("scoring", rules(demo=28, visit=29))  # makes none, so it does not wait for the others'
    assert stepped.a.minute().in_effect == ("scoring",)


def test_without_days_each_change_counts_alone_and_fewer_days_wait(stepped: Fleet) -> None:
    stepped.a.write("changes", "together_days: 0\n")
    assert stepped.a.minute().waiting == ("changes.yaml",)
    assert stepped.waiting().reason == "changes.yaml would let changes move more"
    answer_change(stepped.connection, stepped.waiting().hash, answer="approved", by="hanako", now=stepped.now)
    for points in (rules(demo=15, visit=5), rules(demo=5, visit=5)):
        stepped.a.write("scoring", points)
        assert stepped.a.minute().in_effect == ("scoring",)
