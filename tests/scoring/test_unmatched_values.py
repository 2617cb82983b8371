from leadops.scoring.unmatched_values import UnmatchedValue, list_unmatched_values
from tests.identity.test_resolve import seen
from tests.scoring.conftest import World
from tests.shipped import make_rules

RULES = make_rules(
    fit=[
        {"name": "i", "trait": "industry", "when": {"in": ["software"]}, "points": 1},
        {"name": "large", "trait": "employees", "when": {"at_least": 1000}, "points": 1},
        {"name": "home", "trait": "country", "when": {"in": ["JP"]}, "points": 1},
        {"name": "rival", "trait": "email_domain", "when": {"in": ["rival.example"]}, "points": -1},
    ]
)
TOLD = [
    {"industry": "Software", "employees": 20, "country": "Japan", "title": "CEO"},
    {"industry": "IT services", "employees": "20名", "country": "日本"},
    {"industry": "ＩＴ Services ", "employees": "数百名", "country": "France"},
    {"industry": "it  services", "employees": "1,000+", "country": "Kanto"},
    {"industry": "Retail"},
    {"country": "Software"},  # what fits a rule over another trait fits none over this
]


def test_values_without_a_fitting_rule_are_listed_by_how_many_told_them(world: World) -> None:
    world.accept(
        seen(f"e{number}", number, "identify", email=f"p{number}@x.example", properties=told)
        for number, told in enumerate(TOLD)
    )
    world.resolve()
    assert list_unmatched_values(world.connection, rules=RULES, max_values=9) == [
        UnmatchedValue("industry", "IT services", 3, "no rule fits"),
        UnmatchedValue("country", "France", 1, "no rule fits"),
        UnmatchedValue("country", "Kanto", 1, "not a country"),
        UnmatchedValue("country", "Software", 1, "not a country"),
        UnmatchedValue("employees", "数百名", 1, "not a number of people"),
        UnmatchedValue("industry", "Retail", 1, "no rule fits"),
    ]
    assert len(list_unmatched_values(world.connection, rules=RULES, max_values=2)) == 2
    assert list_unmatched_values(world.connection, rules=make_rules(), max_values=9) == []
