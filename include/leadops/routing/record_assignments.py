"""Records what a run of routing decided: the place of the lead, the assignment, and the account's owner."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.queries import Queries
from leadops.routing.decide_owner import OwnerDecision
from leadops.routing.pending import PendingLead
from leadops.routing.routing_outcome import RoutingOutcome
from leadops.routing.routing_rules import RoutingRules

queries = Queries(__file__)


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
