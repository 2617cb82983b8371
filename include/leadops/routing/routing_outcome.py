"""What a run of routing decided for one lead, before it is recorded and published."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from leadops.routing.decide_owner import OwnerDecision
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, PlaceState


@dataclass(frozen=True)
class RoutingOutcome:
    """What becomes of a lead; without `is_assignment` it stays where it is and nobody is notified."""

    state: PlaceState
    rep_id: str | None = None
    queue: str | None = None
    cause: AssignmentCause = AssignmentCause.MQL
    why: AssignmentReason | None = None
    decision: OwnerDecision | None = None
    moves: int = 0
    overdue: bool = False
    recheck_at: datetime | None = None
    alarm_at: datetime | None = None
    owns_account: bool = True
    is_assignment: bool = True

    @property
    def counts(self) -> Counter[str]:
        """The figures that this outcome adds to the run's result."""
        is_owned = self.why in (AssignmentReason.ACCOUNT, AssignmentReason.SHARE)
        return Counter(
            assigned=self.is_assignment and is_owned,
            account=self.is_assignment and self.why == AssignmentReason.ACCOUNT,
            breach=self.is_assignment and self.cause == AssignmentCause.BREACH,
            queued=self.is_assignment and self.why == AssignmentReason.QUEUE,
            closed=self.state == PlaceState.CLOSED,
        )
