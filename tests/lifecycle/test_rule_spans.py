"""Which rules are in force when. Tokyo's midnight is 15:00 UTC of the day before."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from leadops.lifecycle.rule_spans import (
    FIRST,
    LAST,
    RuleSpan,
    digest_spans,
    find_changed_times,
    find_rules,
    key_words,
    list_rule_spans,
    read_spans,
)
from tests.shipped import SHIPPED, change

Q3 = Quarter(2026, 3)
JULY = datetime(2026, 6, 30, 15, tzinfo=UTC)
OCTOBER = datetime(2026, 9, 30, 15, tzinfo=UTC)


def contract(*within: tuple[float, date], **parts: Any) -> KpiContract:
    """Return a contract with a version for each (within_hours, first day)."""
    body = SHIPPED.kpi.versions[0].model_dump()
    versions = [
        body
        | {"version": f"v{number}", "effective_from": since, "sal": body["sal"] | {"within_hours": hours}}
        for number, (hours, since) in enumerate(within)
    ]
    return change(SHIPPED.kpi, versions=versions, **parts)


def shown(spans: list[RuleSpan]) -> list[tuple[datetime, datetime, float]]:
    return [(span.since, span.until, span.rules["within_hours"]) for span in spans]


PLAIN = contract((24, date(2026, 1, 1)))
SHORT = contract((2, date(2026, 1, 1)))


def test_each_version_has_its_time() -> None:
    two = contract((24, date(2026, 1, 1)), (2, date(2026, 7, 1)))
    assert shown(list_rule_spans(two, {})) == [(FIRST, JULY, 24), (JULY, LAST, 2)]


def test_a_frozen_quarter_has_the_rules_of_its_contract() -> None:
    spans = list_rule_spans(SHORT, {Q3: PLAIN})
    assert shown(spans) == [(FIRST, JULY, 2), (JULY, OCTOBER, 24), (OCTOBER, LAST, 2)]
    moments = (JULY.replace(hour=14), JULY, OCTOBER.replace(hour=14), OCTOBER)
    assert [find_rules(spans, moment)["within_hours"] for moment in moments] == [2, 24, 24, 2]


def test_two_quarters_in_a_row() -> None:
    other = contract((5, date(2026, 1, 1)))
    spans = list_rule_spans(SHORT, {Quarter(2026, 4): other, Q3: PLAIN})
    assert [span.rules["within_hours"] for span in spans] == [2, 24, 5, 2]
    assert [span.since for span in spans] == [FIRST, JULY, OCTOBER, datetime(2026, 12, 31, 15, tzinfo=UTC)]


def test_a_quarter_frozen_as_it_stands_changes_nothing() -> None:
    spans = list_rule_spans(PLAIN, {Q3: PLAIN})
    assert spans == list_rule_spans(PLAIN, {})
    assert digest_spans(spans) == digest_spans(list_rule_spans(PLAIN, {}))


def test_thresholds_of_mqls_are_not_among_these_rules() -> None:
    version = PLAIN.versions[0]
    higher = version.model_copy(update={"mql": version.mql.model_copy(update={"fit": 99})})
    assert list_rule_spans(PLAIN.model_copy(update={"versions": [higher]}), {}) == list_rule_spans(PLAIN, {})


def test_only_times_with_other_rules_have_changed() -> None:
    before = list_rule_spans(PLAIN, {})
    assert find_changed_times(before, before) == []
    assert shown(find_changed_times([], before)) == [(FIRST, LAST, 24)]
    assert shown(find_changed_times(before, list_rule_spans(SHORT, {}))) == [(FIRST, LAST, 2)]
    next_one = list_rule_spans(contract((24, date(2026, 1, 1)), (2, date(2026, 7, 1))), {})
    assert shown(find_changed_times(before, next_one)) == [(JULY, LAST, 2)]
    frozen = list_rule_spans(SHORT, {Q3: PLAIN})
    assert shown(find_changed_times(before, frozen)) == [(FIRST, JULY, 2), (OCTOBER, LAST, 2)]


@pytest.mark.parametrize("decimal", [None, ","])
def test_how_values_are_read_belongs_to_the_rules(decimal: str | None) -> None:
    spans = list_rule_spans(contract((24, date(2026, 1, 1)), deal_value={"decimal": decimal}), {})
    assert bool(find_changed_times(list_rule_spans(PLAIN, {}), spans)) is (decimal is not None)


def test_what_is_written_is_read_again() -> None:
    spans = list_rule_spans(SHORT, {Q3: PLAIN})
    assert read_spans([span.as_row() for span in spans]) == spans


def test_the_order_in_which_rules_are_written_changes_no_digest() -> None:
    rules = {"won": ["Closed"], "lost": ["Gone"], "within_hours": 24}
    written, turned = (RuleSpan(FIRST, LAST, one) for one in (rules, dict(reversed(rules.items()))))
    assert digest_spans([written]) == digest_spans([turned])
    assert digest_spans([written]) != digest_spans([written._replace(since=JULY)])


def test_words_are_compared_by_their_keys_and_the_first_of_two_criteria_with_one_key_names_it() -> None:
    words = {"contact": ["Call", "EMAIL"], "contacted": [], "next_meeting": ["demo"], "won": ["Won"]}
    rules = {
        **words,
        "taken": ["Working ", "working"],
        "lost": ["Lost"],
        "criteria": ["Budget", "BUDGET", "Need"],
    }
    assert key_words(rules) == {
        "taken": ["working"],
        "contact": ["call", "email"],
        "contacted": [],
        "next_meeting": ["demo"],
        "won": ["won"],
        "lost": ["lost"],
        "criteria": {"Budget": "budget", "Need": "need"},
    }
