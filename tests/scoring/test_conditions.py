import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.db import Connection
from leadops.normalization.trait_values import compare_trait, read_trait_values
from leadops.scoring.conditions import RuleCondition, member_path, quote
from leadops.scoring.scoring_rules import FitRule
from tests.promises import promise_examples
from tests.scoring.conftest import NOW
from tests.scoring.oracle import Happening, fits, look

pytestmark = pytest.mark.uncommitted

# Few letters, so that things match at times; among them all that means something to jsonpath, SQL or a regex.
letters = st.sampled_from(
    [*"aAbB01-. $%*+?^|\\/'\"()[]{}<>@!&,:;#_", "\n", "\t", "\x01", "\x7f", "é", "日", "🦊", "&&", "||"]
)
text = st.lists(letters, max_size=4).map("".join)
fragment = st.lists(letters, min_size=1, max_size=2).map("".join)
number = st.integers(-9, 9) | st.sampled_from([0.25, -0.5, 1e-7, 1e21, -1e300, 10**17])
scalar = st.booleans() | number | text
numeric_text = st.sampled_from(["1", " 2 ", "-3.5", "4e0", "5x", "", "+6", ".5"])
value = st.recursive(
    scalar | numeric_text | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y"]), inner, max_size=2)
    ),
    max_leaves=5,
)


@st.composite
def conditions(draw: st.DrawFn) -> RuleCondition:
    operators = {
        "equals": scalar,
        "in": st.lists(scalar, min_size=1, max_size=3),
        "starts_with": fragment | st.lists(fragment, min_size=1, max_size=2),
        "contains": fragment | st.lists(fragment, min_size=1, max_size=2),
        "exists": st.booleans(),
        "at_least": number,
        "above": number,
    }
    chosen = draw(st.lists(st.sampled_from(sorted(operators)), min_size=1, max_size=2, unique=True))
    fields: dict[str, Any] = {name: draw(operators[name]) for name in chosen}
    if draw(st.booleans()) and not {"at_least", "above"} & fields.keys():
        fields[draw(st.sampled_from(["at_most", "below"]))] = draw(number)
    return RuleCondition.model_validate(fields)


@settings(
    max_examples=promise_examples(400),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    condition=conditions(),
    address=st.sampled_from(["properties.x", "properties.x.y", "context.x", 'context.a"b', "context.$x[*]"]),
    properties=st.dictionaries(st.sampled_from(["x", "y"]), value, max_size=2),
    context=st.dictionaries(st.sampled_from(["x", 'a"b', "$x[*]"]), value, max_size=2),
)
@example(RuleCondition(contains="A.b"), "properties.x", {"x": "xa.Bx"}, {})
@example(RuleCondition(equals='" || true || "'), "context.x", {}, {"x": "y"})
def test_the_database_matches_what_the_oracle_matches(
    connection: Connection,
    condition: RuleCondition,
    address: str,
    properties: dict[str, Any],
    context: dict[str, Any],
) -> None:
    happening = Happening("e", "event", NOW, properties=properties, context=context)
    row = connection.execute(
        "select %s @@ %s::jsonpath",
        [Jsonb({"properties": properties, "context": context}), condition.predicate(member_path(address))],
    ).fetchone()
    assert row is not None
    assert bool(row[0]) == fits(condition, look(happening, address))


@given(st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])))
@settings(
    max_examples=promise_examples(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_any_text_is_one_literal_and_nothing_else(connection: Connection, anything: str) -> None:
    row = connection.execute(
        "select %s @@ %s::jsonpath", [Jsonb(anything), f"$ == {quote(anything)}"]
    ).fetchone()
    assert row == (True,)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "an operator with a value is needed: equals, in, starts_with"),
        ({"equals": None}, "an operator with a value is needed"),
        ({"looks_like": "x"}, "Extra inputs are not permitted"),
        ({"in": []}, "at least 1 item"),
        ({"contains": ""}, "a text that is not empty"),
        ({"at_least": 3, "at_most": 2}, "at_least 3 is over at_most 2"),
        ({"above": 3, "at_most": 3}, "nothing is over 3 and under 3"),
        ({"at_least": 3, "below": 3}, "nothing is over 3 and under 3"),
        ({"at_least": "3"}, "must be a number"),
        ({"equals": "a\x00"}, "a database text cannot hold"),
        ({"equals": "\ud800"}, "a database text cannot hold"),
        ({"equals": [1]}, "must be text, a number, true or false"),
        ({"at_most": float("inf")}, "must be a number"),
    ],
)
def test_what_cannot_be_a_condition_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        RuleCondition.model_validate(fields)


def test_numbers_keep_their_value() -> None:
    for each in (0, 7, -7, 0.1, 1e-7, 1e21, -2.5e300):
        assert json.loads(quote(each).strip("()")) == each


@pytest.mark.parametrize(
    ("trait", "fields", "told", "holds"),
    [
        ("industry", {"in": ["Manufacturing", "software"]}, "SOFTWARE ", True),
        ("industry", {"equals": "software"}, ["Retail", "Software"], True),
        ("industry", {"equals": "software"}, "hardware", False),
        ("title", {"contains": ["ceo"]}, "ＣＥＯ", True),
        ("title", {"contains": [" ＶＰ "]}, "Senior vp Sales", True),
        ("title", {"contains": [" VP "]}, "mvp award", False),
        ("title", {"starts_with": "head of"}, "Head\u3000of Sales", True),
        ("employees", {"at_least": 50, "at_most": 999}, "51-200", True),
        ("employees", {"at_least": 50, "at_most": 999}, "1,000+", False),
        ("employees", {"at_least": 1000}, "1,000+", True),
        ("employees", {"at_least": 1}, "many", False),
        ("employees", {"in": ["201-500"]}, "201～500名", True),
        ("country", {"in": ["Japan", "US"]}, "日本", True),
        ("country", {"contains": "jap"}, "Japan", True),
        ("country", {"in": ["US"]}, "日本", False),
        ("company", {"equals": "株式会社X"}, "X Inc.", True),
        ("company", {"contains": "株式会社"}, "㍿X", True),
        ("company", {"exists": True}, "X", True),
    ],
)
def test_a_fit_rule_understands_what_is_told(
    connection: Connection, trait: str, fields: dict[str, Any], told: Any, holds: bool
) -> None:
    rule = FitRule.model_validate({"name": "r", "trait": trait, "points": 1, "when": fields})
    forms = [form for value in read_trait_values(trait, told) for form in compare_trait(trait, value)]
    row = connection.execute("select %s @@ %s::jsonpath", [Jsonb(forms), rule.condition()]).fetchone()
    assert row is not None
    assert bool(row[0]) is holds
