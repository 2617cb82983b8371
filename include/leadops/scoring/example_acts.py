"""An example of what a rule rewards: the least that an event, or a fact about a lead, must hold to fit it."""

from typing import Any

from leadops.scoring.conditions import RuleCondition
from leadops.scoring.scoring_rules import BehaviourRule


def make_example(rule: BehaviourRule) -> dict[str, Any]:
    """Return the smallest payload ({"properties", "context"}) that the conditions of `rule` ask for.

    Whether it fits is PostgreSQL's to decide: conditions may contradict each other, and a more specific rule
    may have the page.
    """
    payload: dict[str, Any] = {"properties": {}, "context": {}}
    for address, condition in rule.when.items():
        value = make_value(condition)
        if value is not None:
            *steps, last = address.split(".")
            place = payload
            for step in steps:
                place = place.setdefault(step, {})
            place[last] = value
    return payload


def make_value(condition: RuleCondition) -> Any:
    """Return a value for which `condition` is likely to hold; None: there must be none."""
    if condition.exists is False:
        return None
    for page in condition.page_patterns():
        return "/" + "/".join(page.segments)
    if condition.equals is not None:
        return condition.equals
    if condition.in_ is not None:
        return condition.in_[0]
    if condition.at_least is not None:
        return condition.at_least
    if condition.at_most is not None:
        return condition.at_most
    if condition.above is not None:
        return condition.above + 1
    if condition.below is not None:
        return condition.below - 1
    texts = [
        text if isinstance(text, str) else text[0]
        for text in (condition.starts_with, condition.contains)
        if text is not None
    ]
    return " ".join(texts) or True
