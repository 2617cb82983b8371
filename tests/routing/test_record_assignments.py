"""What is written of an outcome: the place, the assignment, and who owns the account."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.routing.decide_owner import OwnerDecision
from leadops.routing.pending import PendingLead
from leadops.routing.record_assignments import AssignmentRecorder, RoutingOutcome
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, PlaceState
from tests.routing.conftest import START, Office, rules

pytestmark = pytest.mark.uncommitted

LEAD = PendingLead(
    lead_id=7,
    cycle=2,
    is_breach=False,
    is_due=False,
    qualified_at=START - timedelta(minutes=90),
    is_backfill=False,
    routed_account="company:x",
    account_id=None,
    state=None,
    rep_id=None,
    queue=None,
    moves=0,
    overdue=False,
    assignment_count=3,
    previous_owners=[],
    is_contacted=False,
    accepted_by=None,
    has_ended=False,
    crm_lead_id=7,
    member_ids=[7],
    traits={"language": "ja", "title": "CEO", "employees": 50},
)
SHARE = RoutingOutcome(PlaceState.OWNED, "a", why=AssignmentReason.SHARE)


def record(
    office: Office,
    outcome: RoutingOutcome,
    *,
    lead: PendingLead = LEAD,
    minute: float = 0,
    by: RoutingRules | None = None,
) -> int | None:
    recorder = AssignmentRecorder(office.connection, rules=by or office.rules, now=office.at(minute))
    return recorder.record(lead, outcome)


def place(office: Office) -> list[tuple[Any, ...]]:
    return office.rows(
        "select lead_id, cycle, state, rep_id, queue, since, moves, overdue, mql_lead_id, mql_cycle"
        " from routing.leads"
    )


def accounts(office: Office) -> list[tuple[Any, ...]]:
    return office.rows("select account, rep_id, since from routing.accounts")


def test_an_assignment_has_its_place_its_number_and_its_account(office: Office) -> None:
    assert record(office, SHARE)
    assert place(office) == [(7, 2, "owned", "a", None, START, 0, False, 7, 2)]
    assert accounts(office) == [("company:x", "a", START)]
    rows = office.rows(
        "select number, rep_id, queue, why, cause, rule, waited_minutes, passed_over, rules"
        " from routing.assignments"
    )
    assert rows == [(4, "a", None, "share", "mql", None, 90.0, [], office.rules.fingerprint())]


def test_only_facts_that_the_rules_use_are_kept(office: Office) -> None:
    by = rules(
        rules=[{"name": "ja", "when": {"language": ["ja"]}, "same": ["region"]}, {"name": "everybody"}],
        derive={},
    )
    record(office, SHARE, by=by)
    assert office.rows("select facts from routing.assignments") == [({"language": "ja"},)]


def test_the_decision_is_on_record(office: Office) -> None:
    skipped = [{"rule": "ja", "why": "away", "reps": ["b"]}]
    decision = OwnerDecision("a", AssignmentReason.SHARE, "ja", passed_over=skipped)  # type: ignore[arg-type]
    outcome = replace(SHARE, decision=decision, cause=AssignmentCause.BREACH, moves=1, overdue=True)
    record(office, outcome)
    assert office.rows("select rule, cause, passed_over from routing.assignments") == [
        ("ja", "breach", skipped)
    ]
    assert place(office)[0][6:8] == (1, True)


@pytest.mark.parametrize(
    ("outcome", "minute", "account"),
    [
        (replace(SHARE, rep_id="b"), 5, ("company:x", "b", 5)),
        (SHARE, 5, ("company:x", "a", 0)),  # the same owner: since when stays
        (replace(SHARE, rep_id="b", owns_account=False), 5, ("company:x", "a", 0)),
        (RoutingOutcome(PlaceState.QUEUED, queue="q", why=AssignmentReason.QUEUE), 5, ("company:x", "a", 0)),
    ],
)
def test_who_owns_the_account_afterwards(
    office: Office, outcome: RoutingOutcome, minute: float, account: tuple[str, str, float]
) -> None:
    record(office, SHARE)
    record(office, outcome, lead=replace(LEAD, assignment_count=4), minute=minute)
    name, rep, since = account
    assert accounts(office) == [(name, rep, office.at(since))]


def test_a_lead_that_stays_only_gets_its_next_look(office: Office) -> None:
    record(office, SHARE)
    stays = RoutingOutcome(
        PlaceState.QUEUED, "b", overdue=True, recheck_at=office.at(30), is_assignment=False
    )
    assert record(office, stays, minute=5) is None
    assert place(office) == [(7, 2, "owned", "a", None, START, 0, True, 7, 2)]
    assert office.rows("select recheck_at from routing.leads") == [(office.at(30),)]
    assert office.rows("select count(*) from routing.assignments") == [(1,)]


def test_a_lead_that_is_closed_has_a_place_and_no_assignment(office: Office) -> None:
    assert record(office, RoutingOutcome(PlaceState.CLOSED)) is None
    assert place(office)[0][2:5] == ("closed", None, None)
    assert office.rows("select count(*) from routing.assignments") == [(0,)]
    assert accounts(office) == []


def test_the_mql_of_a_merged_person_is_the_first_that_was_not_imported(office: Office) -> None:
    """Leads 7, 8 and 9 are one person, 5 and 6 another; the cycles of all are the second of their person."""
    mqls: list[tuple[int, float, dict[str, int]]] = [(7, -30, {"imported": 1}), (8, -10, {}), (9, -20, {})]
    for lead, minute, evidence in (*mqls, (5, -50, {}), (6, -40, {})):
        office.lead(lead)
        person = 7 if lead >= 7 else 5
        office.connection.execute("insert into identity.people values (%s, %s)", [lead, person])
        office.connection.execute(
            "insert into lifecycle.transitions (lead_id, cycle, stage, occurred_at, recorded_at, evidence,"
            " kpi_version) values (%s, 1, 'mql', %s, %s, %s, 'v')",
            [lead, office.at(minute), office.at(minute), Jsonb(evidence)],
        )
        office.connection.execute("insert into lifecycle.person_cycles values (%s, 1, 2)", [lead])
    record(office, SHARE)
    assert place(office)[0][8:] == (9, 1)
