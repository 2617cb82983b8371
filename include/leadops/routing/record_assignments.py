"""Records what a run of routing decided: the place of the lead, the assignment, and the account's owner.

Owners that leads have in the CRM are adopted where the assignment was lost when the database went back.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.routing.decide_owner import OwnerDecision
from leadops.routing.pending import PendingLead
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, PlaceState

queries = Queries(__file__, topic="assignments")


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


class AssignmentRecorder:
    """Writes outcomes in the caller's transaction."""

    def __init__(self, connection: Connection, *, rules: RoutingRules, now: datetime) -> None:
        self._connection, self._rules, self._now = connection, rules, now
        self._hash = rules.fingerprint()
        self._recorded_facts = rules.used_facts() | {fact.source for fact in rules.derive.values()}

    def record(self, lead: PendingLead, outcome: RoutingOutcome) -> int | None:
        """Write one outcome; return the id of its assignment, or None if it is none."""
        if not outcome.is_assignment:
            queries.run(
                self._connection,
                "update_recheck",
                **lead.key,
                overdue=outcome.overdue,
                recheck_at=outcome.recheck_at,
            )
            return None
        self._write_place(lead, outcome)
        if outcome.why is None:
            return None
        assignment_id = self._write_assignment(lead, outcome)
        if outcome.rep_id is not None and outcome.owns_account:
            queries.run(
                self._connection,
                "upsert_account",
                account=lead.account,
                rep_id=outcome.rep_id,
                now=self._now,
            )
        return assignment_id

    def _write_place(self, lead: PendingLead, outcome: RoutingOutcome) -> None:
        queries.run(
            self._connection,
            "upsert_lead",
            **lead.key,
            state=outcome.state,
            rep_id=outcome.rep_id,
            queue=outcome.queue,
            account=lead.account,
            is_backfill=lead.is_backfill,
            qualified_at=lead.qualified_at,
            now=self._now,
            moves=outcome.moves,
            overdue=outcome.overdue,
            recheck_at=outcome.recheck_at,
            alarm_at=outcome.alarm_at,
        )

    def _write_assignment(self, lead: PendingLead, outcome: RoutingOutcome) -> int:
        decision = outcome.decision or OwnerDecision()
        facts = self._rules.complete_facts({name: str(value) for name, value in lead.traits.items()})
        return int(
            queries.value(
                self._connection,
                "insert_assignment",
                **lead.key,
                number=lead.assignment_count + 1,
                rep_id=outcome.rep_id,
                queue=outcome.queue,
                why=outcome.why,
                cause=outcome.cause,
                rule=decision.rule,
                is_backfill=lead.is_backfill,
                now=self._now,
                waited_minutes=(self._now - lead.qualified_at) / timedelta(minutes=1),
                facts=Jsonb({name: facts[name] for name in sorted(self._recorded_facts & set(facts))}),
                passed_over=Jsonb(decision.passed_over),
                rules=self._hash,
            )
        )


def adopt_owners(connection: Connection, owners: Sequence[tuple[int, str]], *, now: datetime) -> list[int]:
    """Give each lead to the salesperson who has it in the CRM; return the leads for which that is news.

    `owners` are (lead_id, rep_id). In the caller's transaction. Only a salesperson who never had the lead's
    latest cycle, as far as is known here, comes from a lost assignment: whom routing knows, it may have moved
    the lead on from. Open notices about the lead are dropped.
    """
    hold_lock(connection, Lock.ROUTING)
    adopted: list[int] = queries.values(
        connection,
        "adopt_owners",
        lead_ids=[lead_id for lead_id, _ in owners],
        rep_ids=[rep_id for _, rep_id in owners],
        now=now,
    )
    if adopted:
        queries.run(connection, "drop_notices", lead_ids=adopted, now=now)
    return adopted
