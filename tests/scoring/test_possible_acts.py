"""What would give a lead points: the shipped rules, on leads whose caps are filled by hand."""

from datetime import timedelta

import pytest

from leadops.scoring.possible_acts import PossibleActs, find_waiting, list_possible_acts
from leadops.scoring.scoring_rules import RuleSet
from tests.scoring.conftest import NOW, TOKYO, World, at
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, make_rules

pytestmark = pytest.mark.uncommitted

MAIL = "a@x.example"


def look(world: World, rules: RuleSet = SHIPPED.scoring) -> PossibleActs:
    return list_possible_acts(world.connection, 1, rules=rules, zone=TOKYO, now=NOW)


def points(possible: PossibleActs) -> dict[str, int]:
    return {act.rule: act.points for act in possible.acts}


def happen(
    event: str, number: int, *, page: str = "", minutes: float = 2160, **properties: object
) -> Happening:
    """Return an event of the lead; by default at noon of 2 March in Tokyo, which is the day of NOW."""
    context = {"page": page} if page else {}
    return Happening(
        f"{event}-{number}", event, at(minutes), email=MAIL, properties=properties, context=context
    )


def test_of_a_new_lead_every_rule_above_zero_is_possible(world: World) -> None:
    world.run(SHIPPED.scoring, [happen("hello", 1)])
    possible = look(world)
    assert points(possible) == {
        "size_large": 25,
        "industry_target": 20,
        "request_document": 20,
        "submit_form": 20,
        "title_decides": 20,
        "pricing_page": 15,
        "size_middle": 15,
        "view_pricing": 15,
        "webinar_attend": 15,
        "brand_search": 12,
        "comparison_dwell": 12,
        "country_served": 10,
        "title_manages": 10,
        "webinar_register": 8,
        "video_half_watched": 5,
        "ad_click": 3,
        "mail_click": 3,
        "other_page": 2,
        "mail_open": 1,
        "top_page": 1,
    }
    examples = {act.rule: act.example for act in possible.acts}
    assert examples["pricing_page"]["context"] == {"page": "/pricing"}
    assert examples["video_half_watched"]["properties"] == {"percent": 50}
    assert examples["industry_target"] == {"industry": "manufacturing"}


def test_full_caps_take_an_act_away_and_half_full_ones_a_part_of_it(world: World) -> None:
    """By hand: a document (20) is all of a day, one look at the prices (15) leaves another, of 60 in all."""
    made = [happen("request_document", 1), happen("request_document", 2), happen("view_pricing", 1)]
    world.run(SHIPPED.scoring, [*made, happen("mail_open", 1), happen("mail_open", 2), happen("top", 1)])
    found = points(look(world))
    assert "request_document" not in found, "20 a day"
    assert found["view_pricing"] == 15
    assert "mail_open" not in found, "2 a day"
    world.run(SHIPPED.scoring, [happen("view_pricing", 2)])
    found = points(look(world))
    assert (found["pricing_page"], found.get("view_pricing")) == (10, None), "50 of the group's 60 are used"


def test_known_facts_are_no_step_and_a_merged_lead_s_acts_count(world: World) -> None:
    world.run(SHIPPED.scoring, [happen("identify", 1, industry="farming"), happen("ad_click", 1)])
    found = points(look(world))
    assert "industry_target" not in found, "it is known, and another one"
    assert "country_served" in found
    assert "ad_click" not in found


def test_acts_together_share_the_caps(world: World) -> None:
    world.run(SHIPPED.scoring, [happen("hello", 1)])
    possible = look(world)
    acts = {act.rule: act for act in possible.acts}
    gain = possible.gain([acts["webinar_attend"], acts["webinar_attend"], acts["industry_target"]])
    assert (gain.fit, gain.behaviour) == (20, 15)


def test_an_act_that_another_rule_takes_points_for_is_worth_less(world: World) -> None:
    rules = make_rules(
        behaviour=[
            {"name": "view", "event": "view", "points": 9},
            {"name": "bad", "event": "view", "points": -4, "when": {"properties.n": {"at_least": 1}}},
            {"name": "deep", "event": "view", "points": 3, "when": {"properties.n": {"at_least": 5}}},
            {
                "name": "never",
                "event": "view",
                "points": 7,
                "when": {"properties.n": {"at_least": 9, "equals": 1}},
            },
        ]
    )
    world.run(rules, [happen("hello", 1)])
    assert points(look(world, rules)) == {"view": 9, "deep": 8}, "what cannot fit its own rule is no act"


@pytest.mark.parametrize(
    ("statement", "waits"),
    [
        ("select 1", (False, False, False)),
        ("insert into scoring.inbox (lead_id, lane) values (1, 1)", (True, False, False)),
        ("insert into machines.waiting_acts values (1, 1, now())", (False, True, False)),
        ("insert into scoring.decay_progress values ('2026-03-01')", (False, False, False)),
        ("insert into scoring.decay_progress values ('2026-04-01')", (False, False, True)),
    ],
)
def test_what_scoring_has_not_done_yet_is_known(
    world: World, statement: str, waits: tuple[bool, bool, bool]
) -> None:
    """By hand: an act that may lose a point by the end of 1 April waits once that night was begun."""
    world.run(SHIPPED.scoring, [happen("view_pricing", 1)], now=NOW + timedelta(minutes=1))
    world.connection.execute("update scoring.decay_schedule set due_on = '2026-04-01'")
    world.connection.execute(statement.encode())
    assert tuple(find_waiting(world.connection, 1)) == waits
