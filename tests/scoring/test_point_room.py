"""What the caps leave for further acts of a day, by hand."""

from datetime import date

from leadops.scoring.point_room import PointRoom, RuleDay
from leadops.scoring.scoring_rules import RuleSet
from tests.shipped import make_rules

TODAY = date(2026, 3, 2)
BEFORE = date(2026, 3, 1)


def rule(name: str, points: int, **caps: object) -> dict[str, object]:
    return {"name": name, "event": name, "points": points, **caps}


def pages() -> RuleSet:
    """Return pricing (15; 30 a day, 60 in all) and docs (20), together 40 a day and 70 in all."""
    return make_rules(
        groups={"strong": {"cap_per_day": 40, "cap_per_lead": 70}},
        behaviour=[
            rule("pricing", 15, cap_per_day=30, cap_per_lead=60, group="strong"),
            rule("docs", 20, group="strong"),
            rule("quit", -10, cap_per_lead=15),
        ],
    )


def award(rules: RuleSet, done: list[RuleDay], *acts: str) -> int:
    return PointRoom(rules, done, today=TODAY).award([(act,) for act in acts])


def test_a_lead_that_did_nothing_gets_the_points_of_the_rule() -> None:
    assert award(pages(), [], "pricing") == 15
    assert award(pages(), [], "pricing", "docs") == 35
    assert award(pages(), []) == 0


def test_the_day_cap_of_the_rule_counts_today_alone() -> None:
    assert award(pages(), [RuleDay("pricing", TODAY, 1)], "pricing", "pricing") == 15, "30 a day: 15 are left"
    assert award(pages(), [RuleDay("pricing", BEFORE, 2)], "pricing", "pricing") == 30


def test_a_day_counts_no_more_than_its_cap_toward_the_cap_of_a_life() -> None:
    assert award(pages(), [RuleDay("pricing", BEFORE, 3)], "pricing") == 15, "30 of 60 are used, not 45"
    two_days = [RuleDay("pricing", date(2026, 2, 27), 2), RuleDay("pricing", BEFORE, 2)]
    assert award(pages(), two_days, "pricing") == 0, "60 of 60"


def test_the_group_takes_what_its_rules_let_through() -> None:
    assert award(pages(), [RuleDay("docs", TODAY, 1)], "pricing", "pricing") == 20, "40 a day: 20 are left"
    assert award(pages(), [RuleDay("docs", TODAY, 2)], "pricing") == 0
    earlier = [RuleDay("docs", date(2026, 2, 27), 5), RuleDay("docs", BEFORE, 1)]
    assert award(pages(), earlier, "docs", "docs") == 10, "40 and 20 of 70: 10 are left"


def test_what_the_group_refused_still_fills_the_rule_that_let_it_through() -> None:
    done = [RuleDay("docs", BEFORE, 2), RuleDay("pricing", BEFORE, 4)]
    assert award(pages(), done, "pricing", "pricing", "pricing") == 30, "30 of 60 went into the full group"


def test_points_below_zero_have_caps_of_their_size() -> None:
    assert award(pages(), [], "quit", "quit") == -15
    assert award(pages(), [RuleDay("quit", BEFORE, 9)], "quit", "docs") == 20


def test_one_act_may_fit_several_rules() -> None:
    rules = make_rules(behaviour=[rule("page", 3), rule("deep", 4, cap_per_day=4)])
    assert PointRoom(rules, [], today=TODAY).award([("page", "deep"), ("page", "deep")]) == 10
