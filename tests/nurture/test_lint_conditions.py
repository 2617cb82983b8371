"""Conditions that nothing fits, and depths that overlap, hide each other or leave gaps."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.nurture.lint_conditions import describe_depths, find_contradictions
from leadops.nurture.nurture_settings import NurtureStep
from leadops.scoring.event_condition import EventCondition

FITTING: list[dict[str, Any]] = [
    {},
    {"properties.percent": {"at_least": 25, "at_most": 75}},
    {"properties.percent": {"above": 3, "below": 3.5}},
    {"properties.plan": {"equals": "pro", "in": ["pro", "team"]}},
    {"properties.query": {"starts_with": "lead", "contains": ["ops", "x"]}},
    {"properties.note": {"exists": False}},
    {"properties.note": {"exists": True}, "context.page": {"path": "/pricing"}},
    {"properties.seats": {"equals": 5, "at_most": 5}},
]
CONTRADICTING: list[dict[str, Any]] = [
    {"properties.plan": {"equals": "pro", "in": ["team", "free"]}},
    {"properties.seats": {"equals": 5, "above": 5}},
    {"properties.note": {"exists": False, "equals": "x"}},
    {"properties.query": {"equals": "lead", "starts_with": "ops"}},
]


def test_conditions_that_no_value_fits(connection: Connection) -> None:
    conditions = [EventCondition(event="e", when=when) for when in [*FITTING, *CONTRADICTING]]
    first = len(FITTING)
    assert find_contradictions(connection, conditions, locales=["ja"]) == {
        first: ["properties.plan"],
        first + 1: ["properties.seats"],
        first + 2: ["properties.note"],
        first + 3: ["properties.query"],
    }


def make_step(*depths: dict[str, Any], message: str | None = "m") -> NurtureStep:
    """Return a step with depths a, b, c … by properties.percent."""
    return NurtureStep.model_validate(
        {
            "name": "s",
            "delay": "1h",
            "message": message,
            "stale_after": "24h",
            "depth": [
                {"name": name, "when": {"properties.percent": when}, "message": name}
                for name, when in zip("abc", depths, strict=False)
            ],
        }
    )


LOW, MIDDLE, HIGH = {"below": 25}, {"at_least": 25, "at_most": 75}, {"above": 75}
GAP = "properties.percent"


@pytest.mark.parametrize(
    ("step", "findings"),
    [
        # As shipped: every number fits one.
        (make_step(LOW, MIDDLE, HIGH), []),
        (make_step(LOW, MIDDLE, HIGH, message=None), []),
        (
            make_step({"at_most": 25}, MIDDLE, HIGH),
            [(False, "properties.percent 25 fits depths a and b; b counts")],
        ),
        (
            make_step(LOW, {"above": 25, "at_most": 75}, HIGH),
            [(False, f"{GAP} 25 fits no depth: who has it gets the step's own message")],
        ),
        (
            make_step(LOW, {"at_least": 30, "below": 75}, HIGH),
            [
                (False, f"{GAP} 25 fits no depth: who has it gets the step's own message"),
                (False, f"{GAP} between 25 and 30 fits no depth: who has it gets the step's own message"),
                (False, f"{GAP} 75 fits no depth: who has it gets the step's own message"),
            ],
        ),
        # What lies outside of all depths is for the step's own message, where it has one.
        (make_step(MIDDLE, HIGH), []),
        (
            make_step(MIDDLE, HIGH, message=None),
            [(False, f"{GAP} below 25 fits no depth: who has it gets nothing")],
        ),
        # The last depth counts, so that the first one never does.
        (
            make_step(HIGH, {"above": 10}),
            [
                (True, "whatever fits depth a also fits b below it, which counts"),
                (False, f"{GAP} above 75 fits depths a and b; b counts"),
            ],
        ),
        # In this order each deeper one counts; that is how depths without upper ends are written.
        (
            make_step({"at_least": 10}, {"at_least": 75}),
            [
                (False, f"{GAP} 75 fits depths a and b; b counts"),
                (False, f"{GAP} above 75 fits depths a and b; b counts"),
            ],
        ),
    ],
)
def test_depths(connection: Connection, step: NurtureStep, findings: list[tuple[bool, str]]) -> None:
    assert describe_depths(connection, step, event="webinar_attend", locales=[]) == findings
