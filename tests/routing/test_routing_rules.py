"""Which leads a rule applies to, and the facts that are derived."""

from typing import Any

import pytest
from pydantic import ValidationError

from leadops.routing.rep_settings import WorkingDay
from leadops.routing.routing_rules import RoutingRule
from tests.routing.conftest import everybody, rules


def rule(**changes: Any) -> RoutingRule:
    whole = {"name": "r", "when": {}, "same": [], "reps": None, "if_nobody": "wait"}
    return RoutingRule.model_validate(whole | changes)


@pytest.mark.parametrize(
    ("changes", "facts", "applies"),
    [
        ({}, {}, True),
        ({"when": {"campaign": ["Summit", "fair"]}}, {"campaign": " SUMMIT "}, True),
        ({"when": {"campaign": ["summit"]}}, {"campaign": "summits"}, False),
        ({"when": {"campaign": ["summit"]}}, {}, False),
        ({"when": {"campaign": ["a"], "region": ["b"]}}, {"campaign": "a", "region": "c"}, False),
        ({"when": {"campaign": ["a"], "region": ["b"]}}, {"campaign": "a", "region": "b"}, True),
        ({"same": ["region"]}, {"region": "x"}, True),
        # Of a person with several addresses each counts.
        ({"when": {"email_domain": ["Rival.example"]}}, {"email_domain": "gmail.com rival.example"}, True),
        ({"when": {"email_domain": ["rival.example"]}}, {"email_domain": "arrival.example"}, False),
        ({"same": ["region", "language"]}, {"region": "x"}, False),
    ],
)
def test_a_rule_applies_when_all_its_facts_hold(
    changes: dict[str, Any], facts: dict[str, str], applies: bool
) -> None:
    assert rule(**changes).matches(facts) is applies


def test_facts_are_derived_unless_they_are_known() -> None:
    shipped = rules()
    assert shipped.complete_facts({"country": "de "})["region"] == "EMEA"
    assert shipped.complete_facts({"country": "de", "region": "Kanto"})["region"] == "Kanto"
    assert shipped.complete_facts({"country": "de", "region": " "})["region"] == "EMEA"
    assert "region" not in shipped.complete_facts({"country": "JP"})
    assert shipped.complete_facts({"country": " "}) == {}


def test_the_facts_that_rules_use_are_those_of_when_and_same() -> None:
    given = rules(rules=[{"name": "a", "when": {"campaign": ["x"]}}, {"name": "b", "same": ["region"]}])
    assert given.used_facts() == {"campaign", "region"}


def test_the_fingerprint_changes_with_what_decides_and_not_with_slack() -> None:
    given = everybody()
    slack = given.slack.model_copy(update={"at_most": 3})
    assert given.model_copy(update={"slack": slack}).fingerprint() == given.fingerprint()
    assert given.model_copy(update={"window_days": 8}).fingerprint() != given.fingerprint()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"rules": [{"name": "a"}, {"name": "a"}]}, "its own name"),
        ({"weights": {"a": 0}}, "above 0"),
        ({"holidays": {"Asia/Tokyo": "Atlantis"}}, "does not know"),
        ({"queue": {"name": "x", "alarm_after_minutes": 1}, "after_hours": {"name": "x"}}, "different names"),
    ],
)
def test_rules_that_cannot_be_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        rules(**changes)


@pytest.mark.parametrize("days", [[0], [8], []])
def test_days_are_one_to_seven(days: list[int]) -> None:
    with pytest.raises(ValidationError):
        WorkingDay.model_validate({"days": days, "start": "09:00", "end": "18:00"})
    assert WorkingDay(days=[1, 7], start="00:00", end="24:00").span == (0, 1440)
