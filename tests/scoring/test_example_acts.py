"""The least that fits a rule: each operator of a condition, and several at once."""

from typing import Any

import pytest

from leadops.scoring.conditions import RuleCondition
from leadops.scoring.example_acts import make_example, make_value
from leadops.scoring.scoring_rules import BehaviourRule


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"equals": "enterprise"}, "enterprise"),
        ({"equals": False}, False),
        ({"in": ["b", "a"]}, "b"),
        ({"starts_with": "Head of"}, "Head of"),
        ({"contains": ["leadops", "lead ops"]}, "leadops"),
        ({"starts_with": "vp", "contains": "sales"}, "vp sales"),
        ({"at_least": 60}, 60),
        ({"at_most": 5}, 5),
        ({"at_least": 50, "at_most": 999}, 50),
        ({"exists": True}, True),
        ({"exists": False}, None),
        ({"path": ["/products", "/cases"]}, "/products"),
        ({"path_is": "/"}, "/"),
    ],
)
def test_each_operator_has_an_example(condition: dict[str, Any], value: Any) -> None:
    assert make_value(RuleCondition.model_validate(condition)) == value


def test_the_payload_holds_each_address_and_nothing_else() -> None:
    rule = BehaviourRule.model_validate(
        {
            "name": "deep",
            "event": "page_view",
            "points": 5,
            "when": {
                "context.page": {"path": "/pricing"},
                "context.utm.medium": {"equals": "cpc"},
                "properties.percent": {"at_least": 50},
                "properties.bot": {"exists": False},
            },
        }
    )
    assert make_example(rule) == {
        "context": {"page": "/pricing", "utm": {"medium": "cpc"}},
        "properties": {"percent": 50},
    }
