"""One page view earns by one page rule, the most specific; a changed rule is followed by corrections."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.scoring.scoring_rules import RuleSet
from tests.promises import promise_examples
from tests.scoring.conftest import TOKYO, World, at
from tests.scoring.oracle import Happening
from tests.shipped import SHIPPED, make_rules

pytestmark = pytest.mark.uncommitted


def visit(number: int, page: object, *, event: str = "page_view", **properties: Any) -> Happening:
    """A page view of one person; each is on another day, so that no cap is in the way."""
    context = {} if page is None else {"page": page}
    when = at(-number * 24 * 60)
    return Happening(f"e{number}", event, when, email="a@x.example", properties=properties, context=context)


def rule(name: str, points: int, *, event: str = "page_view", **when: Any) -> dict[str, Any]:
    """A rule with a path, and with what must hold of `plan` beside it."""
    plan = when.pop("plan", None)
    conditions = {"context.page": when} if when else {}
    return {
        "name": name,
        "event": event,
        "points": points,
        "when": conditions | ({"properties.plan": plan} if plan else {}),
    }


def earn(world: World, rules: RuleSet, *pages: object) -> list[dict[str, int]]:
    """Return for each page which rules gave it points."""
    world.run(rules, [visit(number, page) for number, page in enumerate(pages)])
    given = world.points()
    return [
        {name: points for (_, event_id, name), points in given.items() if event_id == f"e{number}"}
        for number in range(len(pages))
    ]


def test_the_shipped_rules_by_hand(world: World) -> None:
    expected: dict[str, dict[str, int]] = {
        "/pricing": {"pricing_page": 15},
        "https://www.example.com/ja/Pricing/?utm_source=x#plans": {"pricing_page": 15},
        "/pricing/enterprise": {"pricing_page": 15},
        "/pricing-careers": {},
        "/careers/pricing": {"job_seeker": -10},
        "/careers/pricing-analyst": {"job_seeker": -10},
        "/en-us/jobs": {"job_seeker": -10},
        "/jobs-to-be-done": {},
        "/products/pricing": {"other_page": 2},
        "/product": {"other_page": 2},
        "/productivity": {},
        "/ja": {"top_page": 1},
        "/index.html": {"top_page": 1},
        "/about": {},
    }
    shipped = SHIPPED.scoring.model_dump(mode="json", by_alias=True, exclude_none=True)
    uncapped = [
        each | {"cap_per_day": None, "cap_per_lead": None, "group": None} for each in shipped["behaviour"]
    ]
    rules = make_rules(behaviour=uncapped, page_locales=shipped["page_locales"])
    assert dict(zip(expected, earn(world, rules, *expected), strict=True)) == expected


def test_more_segments_then_path_is_then_the_first_in_the_file(world: World) -> None:
    rules = make_rules(
        page_locales=["ja"],
        behaviour=[
            rule("site", 1, path="/"),
            rule("products", 2, path=["/products", "/a/b/c"]),
            rule("products_page", 3, path_is="/products"),
            rule("sso", 4, path="/products/enterprise/sso"),
            rule("enterprise", 5, path="/products/enterprise"),
            rule("later", 6, path="/products"),
            rule("japanese", 7, path="/ja/products"),
        ],
    )
    pages = {
        "/about": "site",
        "/products": "products_page",
        "/products/": "products_page",
        "/products/team": "products",
        "/products/enterprise": "enterprise",
        "/products/enterprise/sso/saml": "sso",
        "/products/enterprises": "products",
        "/a/b": "site",
        "/a/b/c/d": "products",
        "/ja/products": "japanese",  # two segments, so before path_is with one
        "/ja/products/enterprise/sso": "sso",
        "/ja": "site",
    }
    points = {each.name: each.points for each in rules.behaviour}
    expected = [{name: points[name]} for name in pages.values()]
    assert earn(world, rules, *pages) == expected
    for page, name in pages.items():
        assert rules.page_rules().rank(page)[0].rule.name == name, "--page says the same"


def test_a_rule_whose_other_conditions_do_not_hold_does_not_stand_in_the_way(world: World) -> None:
    """Also where they cannot be decided: a number is asked for and a text is there."""
    rules = make_rules(
        behaviour=[
            rule("large", 9, path="/pricing/plans", plan={"at_least": 50}),
            rule("pricing", 4, path="/pricing"),
            {**rule("campaign", 1), "when": {"properties.plan": {"exists": True}}},
        ]
    )
    world.run(
        rules,
        [
            visit(0, "/pricing/plans", plan=50),
            visit(1, "/pricing/plans", plan=49),
            visit(2, "/pricing/plans", plan="many"),
            visit(3, "/pricing/plans"),
            visit(4, "/pricing", plan=50),
        ],
    )
    given = {(event_id, name): points for (_, event_id, name), points in world.points().items()}
    assert given == {
        ("e0", "large"): 9,
        ("e0", "campaign"): 1,  # a rule without a path is no page rule: it counts beside one
        ("e1", "pricing"): 4,
        ("e1", "campaign"): 1,
        ("e2", "pricing"): 4,
        ("e2", "campaign"): 1,
        ("e3", "pricing"): 4,
        ("e4", "pricing"): 4,
        ("e4", "campaign"): 1,
    }


def test_rules_for_other_events_do_not_stand_in_the_way(world: World) -> None:
    rules = make_rules(
        behaviour=[
            rule("a", 3, path="/x"),
            rule("b", 5, event="search", path_is="/x"),
            rule("c", 7, event="search"),
        ]
    )
    world.run(rules, [visit(0, "/x"), visit(1, "/x", event="search"), visit(2, None, event="search")])
    given = {(event_id, name): points for (_, event_id, name), points in world.points().items()}
    assert given == {("e0", "a"): 3, ("e1", "b"): 5, ("e1", "c"): 7, ("e2", "c"): 7}


@pytest.mark.parametrize("page", [None, 7, True, {"url": "/x"}, ["/y", "/x"]])
def test_a_page_that_is_no_text_has_no_path(world: World, page: object) -> None:
    rules = make_rules(behaviour=[rule("x", 3, path="/x"), rule("all", 1, path="/")])
    expected = [{"x": 3}] if isinstance(page, list) else [{}]
    assert [
        {name: points for name, points in each.items() if name == "x"} for each in earn(world, rules, page)
    ] == expected


def test_a_cap_that_is_reached_leaves_the_page_to_no_other_rule(world: World) -> None:
    rules = make_rules(
        behaviour=[{**rule("deep", 5, path="/x/y"), "cap_per_lead": 5}, rule("wide", 2, path="/x")]
    )
    assert earn(world, rules, "/x/y", "/x/y", "/x") == [{}, {"deep": 5}, {"wide": 2}]


def test_a_rule_that_comes_above_another_corrects_what_that_one_gave(world: World) -> None:
    wide = rule("wide", 2, path="/products")
    world.run(make_rules(behaviour=[wide]), [visit(0, "/products/sso"), visit(1, "/products/team")])
    both = make_rules(behaviour=[wide, rule("deep", 7, path="/products/sso")])
    world.run(both)
    assert world.points() == {
        ("a@x.example", "e0", "deep"): 7,
        ("a@x.example", "e1", "wide"): 2,
    }
    rows = (
        "select rule, points, kind, reason, is_live from scoring.ledger where rule_set_id = 2 order by rule"
    )
    assert world.rows(rows) == [
        ("deep", 7, "rule", "deep", False),
        ("wide", -2, "correction", "wide: the rules changed", False),
    ]
    assert not world.totals_differ()


def test_a_locale_more_is_a_changed_rule(world: World) -> None:
    pricing = [rule("pricing", 5, path="/pricing"), rule("other", 1)]
    world.run(make_rules(behaviour=pricing), [visit(0, "/it/pricing")])
    assert world.points() == {("a@x.example", "e0", "other"): 1}
    world.run(make_rules(behaviour=pricing, page_locales=["it"]))
    assert world.points() == {("a@x.example", "e0", "other"): 1, ("a@x.example", "e0", "pricing"): 5}
    world.run(make_rules(behaviour=pricing))
    reasons = world.rows("select points, reason from scoring.ledger where rule = 'pricing' order by seq")
    assert reasons == [(5, "pricing"), (-5, "pricing: the rules changed")]


def test_the_order_of_the_file_counts_only_where_it_decides() -> None:
    tied = [rule("a", 1, path="/x"), rule("b", 2, path=["/x", "/z"])]
    apart = [rule("a", 1, path="/x"), rule("b", 2, path="/y"), rule("c", 3, path_is="/x")]
    for rules, matters in ((tied, True), (apart, False)):
        one, other = (make_rules(behaviour=listed) for listed in (rules, rules[::-1]))
        assert (one.hash(TOKYO) != other.hash(TOKYO)) == matters
        for made in (one, other):
            stored = json.loads(json.dumps(made.body(TOKYO), sort_keys=True))
            read, _ = RuleSet.from_body(stored, like=SHIPPED.scoring)
            assert read.body(TOKYO) == made.body(TOKYO)
            pages = made.page_rules()
            for each in made.behaviour:
                assert read.page_rules().condition(each) == pages.condition(each)


NAMES = ("r0", "r1", "r2", "r3")
PATHS = ("/", "/a", "/a/b", "/a/b/c", "/b", "/ab", "/ja/a")


@settings(
    max_examples=promise_examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rules=st.lists(
        st.tuples(st.lists(st.sampled_from(PATHS), min_size=1, max_size=2, unique=True), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    pages=st.lists(
        st.lists(st.sampled_from(["a", "b", "c", "ab", "ja"]), max_size=4), min_size=1, max_size=6
    ),
)
def test_each_page_earns_by_the_rule_that_a_plain_sort_puts_first(
    database_url: str, world: World, rules: list[tuple[list[str], bool]], pages: list[list[str]]
) -> None:
    world.clear()
    made = make_rules(
        page_locales=["ja"],
        behaviour=[
            rule(NAMES[place], place + 1, **{"path_is" if is_exact else "path": paths})
            for place, (paths, is_exact) in enumerate(rules)
        ],
    )
    expected = []
    for page in pages:
        readings = [page]  # with the locales that stand first, and without them
        while readings[-1][:1] == ["ja"] and len(readings) < 3:
            readings.append(readings[-1][1:])
        fitting = [
            (-len(pattern), not is_exact, place)
            for place, (paths, is_exact) in enumerate(rules)
            for path in paths
            for pattern in [[part for part in path.split("/") if part]]
            if any(
                reading == pattern if is_exact else reading[: len(pattern)] == pattern for reading in readings
            )
        ]
        expected.append({NAMES[min(fitting)[2]]: min(fitting)[2] + 1} if fitting else {})
    assert earn(world, made, *("/" + "/".join(page) for page in pages)) == expected
