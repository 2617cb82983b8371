"""The check on thresholds: does a proposal wait for approval, or was a change rolled back?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leadops.db import Connection
from leadops.incidents.check import Check, CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.queries import Queries

queries = Queries(__file__, topic="rollback")


@dataclass(frozen=True)
class PendingApproval:
    """A proposal that waits for a human, and the run that asks."""

    day: str
    waits_since: datetime
    reason: str
    run_id: str | None


@dataclass(frozen=True)
class ThresholdRollback:
    """A change that was rolled back less than a day ago."""

    effective_at: datetime
    facts: Mapping[str, Any]


def list_pending_approvals(connection: Connection, *, now: datetime) -> list[PendingApproval]:
    """Return the proposals that wait for a human, by day; after a day a question is no more."""
    return queries.all(connection, "list_pending_approvals", PendingApproval, now=now)


def check_thresholds(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the proposals that wait for approval, and a change that was rolled back.

    A proposal is ok once it is answered, a rollback after a day or with the next decision that takes effect.
    """
    pending = [
        fire(
            "threshold_waits",
            {
                "day": proposal.day,
                "reason": proposal.reason,
                "dag_id": "retrain_thresholds",
                "run_id": proposal.run_id,
            },
            since=proposal.waits_since,
        )
        for proposal in list_pending_approvals(connection, now=given.now)
    ]
    rollback = queries.first(connection, "find_rollback", ThresholdRollback, now=given.now)
    if rollback is None:
        return pending
    return [*pending, fire("threshold_reverted", rollback.facts, since=rollback.effective_at)]


CHECKS = (Check("thresholds", ("threshold_waits", "threshold_reverted"), check_thresholds),)
