from leadops.scoring.rule_parameters import award_parameters, decay_curves
from tests.shipped import make_rules

RULES = make_rules(
    groups={"weak": {"cap_per_day": 5, "cap_per_lead": 9}},
    behaviour=[
        {"name": "view", "event": "page_view", "points": 3, "group": "weak", "cap_per_day": 4},
        {"name": "bye", "event": "unsubscribe", "points": -7},
    ],
    fit=[{"name": "large", "trait": "employees", "when": {"at_least": 50}, "points": 2}],
    decay={
        "half_life_days": 90,
        "grace_days": 30,
        "groups": {"weak": {"half_life_days": 30, "grace_days": 7}},
        "rules": {"bye": {"half_life_days": 1, "floor": 0.5}},
    },
)


def test_rules_are_numbered_by_name_and_carry_the_caps_of_their_group() -> None:
    parameters = award_parameters(RULES)
    bye, view = parameters.behaviour.obj
    assert [(rule["number"], rule["name"], rule["points"]) for rule in (bye, view)] == [
        (0, "bye", -7),
        (1, "view", 3),
    ]
    assert [view[key] for key in ("day_cap", "lead_cap", "group_number")] == [4, None, 0]
    assert [view[key] for key in ("group_day_cap", "group_lead_cap")] == [5, 9]
    assert [bye[key] for key in ("day_cap", "lead_cap", "group_number", "group_day_cap")] == [None] * 4
    (large,) = parameters.fit.obj
    assert (large["name"], large["trait"], large["points"]) == ("large", "employees", 2)
    assert large["condition"] == "($.double() >= 50)"


def test_a_rules_curve_goes_before_its_groups_and_that_before_the_general_one() -> None:
    assert decay_curves(RULES).obj == [
        {"rule": None, "half_life": 90.0, "grace": 30, "floor": 0.0},
        {"rule": "view", "half_life": 30.0, "grace": 7, "floor": 0.0},
        {"rule": "bye", "half_life": 1.0, "grace": 0, "floor": 0.5},
    ]


def test_without_decay_points_keep_their_worth() -> None:
    kept = RULES.model_copy(update={"decay": None})
    assert decay_curves(kept).obj == [{"rule": None, "half_life": None, "grace": 0, "floor": 1}]


def test_of_an_event_only_what_its_rules_look_at_is_read() -> None:
    def rule(name: str, event: str, *addresses: str) -> dict[str, object]:
        when = {address: {"exists": True} for address in addresses}
        return {"name": name, "event": event, "points": 1, "when": when}

    rules = make_rules(
        behaviour=[
            rule("all_views", "view"),
            rule("page", "view", "context.page"),
            rule("query", "search", "properties.query"),
            rule("hits", "search", "properties.hits"),
            rule("city", "move", "properties.address.city"),
            rule("zip", "move", "properties.address.zip"),
            rule("both", "mixed", "properties.a", "context.page"),
            rule("none", "ping"),
        ]
    )
    assert {each["event"]: each["path"] for each in award_parameters(rules).behaviour.obj} == {
        "view": ["context", "page"],
        "search": ["properties"],
        "move": ["properties", "address"],
        "mixed": [],
        "ping": None,
    }
