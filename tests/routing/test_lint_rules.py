"""What can never work is found, and nothing else."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leadops.routing.lint_rules import lint_rules
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.team import Team, make_team
from leadops_sandbox.crm.reps import FIRST_REPS
from tests.routing.conftest import profile, rules


def team_of(given: RoutingRules, **reps: dict[str, Any]) -> Team:
    return make_team(list(reps.items()), rules=given, zone=ZoneInfo("Asia/Tokyo"))


def test_the_defaults_fit_the_sandboxs_salespeople() -> None:
    given = rules()
    rows = [(rep["id"], rep) for rep in FIRST_REPS]
    assert lint_rules(given, make_team(rows, rules=given, zone=ZoneInfo("UTC"))) == []


WAITS = {"name": "all", "if_nobody": "wait"}


@pytest.mark.parametrize(
    ("earlier", "later", "is_reached"),
    [
        (WAITS, {"name": "late"}, False),
        ({"name": "all", "if_nobody": "next"}, {"name": "late"}, True),
        ({"name": "x", "same": ["language"]}, {"name": "late", "same": ["language", "industry"]}, False),
        ({"name": "x", "same": ["language", "industry"]}, {"name": "late", "same": ["language"]}, True),
        (
            {"name": "x", "when": {"campaign": ["A", "b"]}},
            {"name": "late", "when": {"campaign": ["a"]}},
            False,
        ),
        ({"name": "x", "when": {"campaign": ["b"]}}, {"name": "late", "when": {"campaign": ["a"]}}, True),
        ({"name": "x", "reps": ["a"]}, {"name": "late", "reps": ["b"]}, False),
        ({"name": "x", "reps": ["gone"]}, {"name": "late", "reps": ["b"]}, True),
    ],
)
def test_a_rule_that_no_lead_reaches_is_found(
    earlier: dict[str, Any], later: dict[str, Any], is_reached: bool
) -> None:
    given = rules(rules=[earlier, later])
    found = lint_rules(given, team_of(given, a=profile(), b=profile(languages=["de"])))
    assert any("rule 'late': no lead reaches it" in line for line in found) is not is_reached


def test_leavers_and_broken_profiles_are_found() -> None:
    given = rules(rules=[{"name": "vip", "reps": ["gone", "a"]}], weights={"left": 2})
    found = lint_rules(given, team_of(given, a=profile(), b=profile(working_hours="nine to five")))
    assert found == [
        "rule 'vip' names gone, who is not in the CRM (any more)",
        "weights names left, who is not in the CRM (any more)",
        "b gets no leads, fault in the CRM profile: working_hours are not days, start and end",
    ]
    nobody = rules(rules=[{"name": "vip", "reps": ["gone"], "if_nobody": "next"}, {"name": "rest"}])
    assert "rule 'vip': nobody it names is in the CRM, so it never applies" in lint_rules(
        nobody, team_of(nobody, a=profile())
    )


def test_leads_without_a_rule_are_named_by_what_they_have_in_common() -> None:
    given = rules(rules=[{"name": "ours", "same": ["language"]}], derive={})
    assert lint_rules(given, team_of(given, a=profile())) == [
        "no rule for a lead with language unknown: it would wait in the queue sales",
        "no rule for a lead with language any other: it would wait in the queue sales",
    ]
    known = rules(
        rules=[
            {"name": "ours", "same": ["language"], "if_nobody": "next"},
            {"name": "fair", "when": {"campaign": ["fair"], "industry": ["software"]}},
        ],
        derive={},
    )
    found = lint_rules(known, team_of(known, a=profile(languages=["ja", "de"])))
    assert [line.removeprefix("no rule for a lead with ").split(":")[0] for line in found] == [
        "industry unknown, language unknown",
        "industry unknown, language any other",
        "industry any other, language unknown",
        "industry any other, language any other",
        "campaign unknown, language unknown",
    ]


def test_without_salespeople_nothing_can_be_said() -> None:
    assert lint_rules(rules(), team_of(rules())) == [
        "no salespeople are known: poll the CRM first (watch_sla, task poll)"
    ]
