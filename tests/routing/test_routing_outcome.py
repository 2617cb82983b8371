"""The figures that an outcome adds to a run's result."""

import pytest

from leadops.routing.record_assignments import RoutingOutcome
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, PlaceState

OWNED, QUEUED, CLOSED = PlaceState.OWNED, PlaceState.QUEUED, PlaceState.CLOSED


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (RoutingOutcome(OWNED, "a", why=AssignmentReason.SHARE), {"assigned"}),
        (RoutingOutcome(OWNED, "a", why=AssignmentReason.ACCOUNT), {"assigned", "account"}),
        (
            RoutingOutcome(OWNED, "b", why=AssignmentReason.SHARE, cause=AssignmentCause.BREACH),
            {"assigned", "breach"},
        ),
        (RoutingOutcome(QUEUED, queue="q", why=AssignmentReason.QUEUE), {"queued"}),
        (RoutingOutcome(OWNED, "a", why=AssignmentReason.TAKEN), set()),
        (RoutingOutcome(CLOSED), {"closed"}),
        # Nothing is assigned: the lead stays where it is.
        (RoutingOutcome(OWNED, "a", why=AssignmentReason.ACCOUNT, is_assignment=False), set()),
        (RoutingOutcome(QUEUED, queue="q", why=AssignmentReason.QUEUE, is_assignment=False), set()),
        (RoutingOutcome(OWNED, "a", cause=AssignmentCause.BREACH, is_assignment=False), set()),
    ],
)
def test_what_an_outcome_counts_as(outcome: RoutingOutcome, counted: set[str]) -> None:
    assert {name for name, count in outcome.counts.items() if count} == counted
    assert all(count in (0, 1) for count in outcome.counts.values())
