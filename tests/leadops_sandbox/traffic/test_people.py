from collections import Counter

from leadops_sandbox.traffic.people import PEOPLE, person


def test_a_person_is_the_same_for_ever() -> None:
    town = [person(1, number) for number in range(200)]
    assert town == [person(1, number) for number in range(200)]
    assert town != [person(2, number) for number in range(200)]
    assert len({who.email for who in town}) == len({who.anonymous_id for who in town}) == len(town)


def test_every_habit_occurs_and_buyers_are_a_minority_with_big_companies() -> None:
    town = [person(1, number) for number in range(PEOPLE)]
    habits = Counter(who.habit for who in town)
    assert set(habits) == {"buyer", "reader", "browser", "job_seeker", "leaver"}
    assert 0.08 < habits["buyer"] / PEOPLE < 0.16
    assert min(who.traits["employees"] for who in town if who.habit == "buyer") >= 100
