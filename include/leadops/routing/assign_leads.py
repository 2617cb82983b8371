"""Gives each new MQL an owner, empties the queues, and moves leads on that nobody contacted in time."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from leadops.calendar.business_time import add_business_minutes
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.locks import Lock, hold_lock
from leadops.routing.decide_owner import OwnerDecision, RoutingRequest, decide_owner
from leadops.routing.move_places import move_places
from leadops.routing.pending import (
    PendingLead,
    RepLoads,
    is_inbox_empty,
    list_pending_leads,
    read_account_owners,
    read_loads,
    take_inbox,
)
from leadops.routing.publish_assignments import AssignmentPublisher
from leadops.routing.record_assignments import AssignmentRecorder, RoutingOutcome
from leadops.routing.routing_rules import RoutingRules
from leadops.routing.routing_states import AssignmentCause, AssignmentReason, PlaceState
from leadops.routing.team import Rep, Shifts, Team, note_unprofiled, read_team

#: Cycles taken from the inbox in one transaction.
CHUNK = 1_000


@dataclass(frozen=True)
class AssignmentResult:
    """How many leads got an owner (of these: their account's), moved on, were queued, or were closed."""

    assigned: int
    to_account_owner: int
    moved_on: int
    queued: int
    closed: int
    remaining: bool


def assign_leads(
    connection: Connection,
    *,
    rules: RoutingRules,
    now: datetime,
    zone: ZoneInfo,
    max_cycles: int = CHUNK,
) -> AssignmentResult:
    """Route what arrived since the last run, in one transaction; concurrent runs wait for each other.

    The outcome is a function of the tables, the rules and `now`: leads are decided in the order of
    (qualified_at, lead_id, cycle), and those that must wait once more where their account got an owner
    meanwhile. So a repeated run finds nothing left to do. The CRM's owner is requested
    through delivery.outbox. `zone` applies to salespeople whose profile names none. `remaining` says that the
    inbox holds more than `max_cycles` entries. The cost grows with what arrived and what is queued.
    """
    with connection.transaction():
        hold_lock(connection, Lock.ROUTING)
        team = read_team(connection, rules=rules, zone=zone)
        note_unprofiled(connection, team, now=now)
        arrived = take_inbox(connection, max_cycles=max_cycles)
        move_places(connection, arrived, now=now)
        pending = list_pending_leads(connection, arrived, now=now)
        router = LeadRouter(
            team=team,
            rules=rules,
            loads=read_loads(connection, team=team, rules=rules, now=now),
            owners=read_account_owners(connection, [lead.account for lead in pending]),
            now=now,
        )
        recorder = AssignmentRecorder(connection, rules=rules, now=now)
        publisher = AssignmentPublisher(connection, rules=rules, now=now)
        counts = Counter[str]()
        for lead, outcome in router.route_all(pending):
            assignment_id = recorder.record(lead, outcome)
            if assignment_id is not None:
                publisher.publish(lead, outcome, assignment_id=assignment_id)
            counts += outcome.counts
        remaining = not is_inbox_empty(connection)
    return AssignmentResult(
        assigned=counts["assigned"],
        to_account_owner=counts["account"],
        moved_on=counts["breach"],
        queued=counts["queued"],
        closed=counts["closed"],
        remaining=remaining,
    )


class LeadRouter:
    """Decides for one lead after another; each decision counts for the ones after it."""

    def __init__(
        self, *, team: Team, rules: RoutingRules, loads: RepLoads, owners: dict[str, str], now: datetime
    ) -> None:
        self._team, self._rules, self._loads, self._owners, self._now = team, rules, loads, owners, now
        self._settled_accounts: set[str] = set()

    def route_all(self, leads: Iterable[PendingLead]) -> Iterator[tuple[PendingLead, RoutingOutcome]]:
        """Yield each of `leads` for which something changes, with its outcome.

        Leads are decided in the given order. A lead that must wait is decided again, after all others and in
        the same order, if its account got an owner meanwhile: the owner may take what no rule fits. Those
        that still wait come last. So another run at the same time changes nothing.
        """
        waiting = []
        for lead in leads:
            outcome = self.route(lead)
            if _must_wait(lead, outcome):
                waiting.append((lead, outcome))
            elif outcome is not None:
                yield lead, outcome
        while self._settled_accounts:
            accounts, self._settled_accounts = self._settled_accounts, set()
            still_waiting = []
            for lead, outcome in waiting:
                latest = self.route(lead) if lead.account in accounts else outcome
                if latest is not None and not _must_wait(lead, latest):
                    yield lead, latest
                else:
                    still_waiting.append((lead, latest))
            waiting = still_waiting
        yield from ((lead, outcome) for lead, outcome in waiting if outcome is not None)

    def route(self, lead: PendingLead) -> RoutingOutcome | None:
        """Return what becomes of `lead`, or None if nothing changes."""
        if lead.state == PlaceState.CLOSED:
            return None
        if lead.state == PlaceState.OWNED:
            return self._recheck(lead)
        if lead.has_ended:
            return RoutingOutcome(state=PlaceState.CLOSED)
        if lead.accepted_by is not None:
            self._settle_account(lead.account, lead.accepted_by)
            self._loads.add_lead(lead.accepted_by, is_backfill=lead.is_backfill, now=self._now)
            return RoutingOutcome(
                state=PlaceState.CLOSED,
                rep_id=lead.accepted_by,
                cause=_cause(lead),
                why=AssignmentReason.TAKEN,
                owns_account=self._owners.get(lead.account) == lead.accepted_by,
            )
        return self._place(lead)

    def _place(self, lead: PendingLead) -> RoutingOutcome | None:
        """Find an owner or a queue for a lead that is new or queued."""
        decision = self._decide(lead, account_owner=self._owners.get(lead.account))
        overdue = lead.overdue or (lead.is_breach and lead.state is not None)
        if decision.rep_id is not None:
            return self._assign(lead, decision, cause=_cause(lead), moves=lead.moves, overdue=overdue)
        queue = self._rules.after_hours.name if decision.off_hours else self._rules.queue.name
        if lead.state == PlaceState.QUEUED and lead.queue == queue:
            if overdue == lead.overdue:
                return None
            return RoutingOutcome(state=PlaceState.QUEUED, overdue=True, is_assignment=False)
        return RoutingOutcome(
            state=PlaceState.QUEUED,
            queue=queue,
            cause=_cause(lead),
            why=AssignmentReason.QUEUE,
            decision=decision,
            overdue=overdue,
            alarm_at=None if lead.is_backfill else self._find_alarm_time(decision),
        )

    def _recheck(self, lead: PendingLead) -> RoutingOutcome | None:
        """Move a lead on if its owner has not contacted it in time."""
        if not lead.is_due and (lead.overdue or not lead.is_breach):
            return None
        overdue = lead.overdue or lead.is_breach
        if lead.is_contacted or lead.has_ended or lead.moves >= self._rules.move_on.at_most:
            return RoutingOutcome(state=PlaceState.OWNED, overdue=overdue, is_assignment=False)
        decision = self._decide(lead, account_owner=None)
        if decision.rep_id is None:  # the owner keeps it until somebody else can take it
            if lead.is_due and lead.overdue:
                return None  # it stays due
            return RoutingOutcome(
                state=PlaceState.OWNED, overdue=True, recheck_at=self._now, is_assignment=False
            )
        return self._assign(lead, decision, cause=AssignmentCause.BREACH, moves=lead.moves + 1, overdue=True)

    def _decide(self, lead: PendingLead, *, account_owner: str | None) -> OwnerDecision:
        facts = self._rules.complete_facts({name: str(value) for name, value in lead.traits.items()})
        request = RoutingRequest(facts, account_owner, frozenset(lead.previous_owners), lead.is_backfill)
        return decide_owner(
            request,
            team=self._team,
            loads=self._loads.of(is_backfill=lead.is_backfill),
            rules=self._rules,
            now=self._now,
        )

    def _assign(
        self, lead: PendingLead, decision: OwnerDecision, *, cause: AssignmentCause, moves: int, overdue: bool
    ) -> RoutingOutcome:
        rep = self._team.find(decision.rep_id or "")
        self._loads.add_lead(decision.rep_id or "", is_backfill=lead.is_backfill, now=self._now)
        self._settle_account(lead.account, decision.rep_id or "")
        may_move_on = overdue and moves < self._rules.move_on.at_most and not lead.is_backfill
        return RoutingOutcome(
            state=PlaceState.OWNED,
            rep_id=decision.rep_id,
            cause=cause,
            why=decision.why,
            decision=decision,
            moves=moves,
            overdue=overdue,
            recheck_at=self._find_recheck_time(rep) if may_move_on and rep else None,
            owns_account=self._owners.get(lead.account) == decision.rep_id,
        )

    def _settle_account(self, account: str, rep_id: str) -> None:
        """Make `rep_id` the account's owner if it has none, or if its owner has left."""
        if self._team.has_left(self._owners.get(account, "")):
            self._owners[account] = rep_id
            self._settled_accounts.add(account)

    def _find_recheck_time(self, rep: Rep) -> datetime:
        return add_business_minutes(self._now, self._rules.move_on.after_minutes, rep)

    def _find_alarm_time(self, decision: OwnerDecision) -> datetime | None:
        """Return when a lead will have waited too long in its queue."""
        if decision.off_hours:
            after = self._rules.after_hours.alarm_after_minutes
            return None if after is None else self._now + timedelta(minutes=after)
        minutes = self._rules.queue.alarm_after_minutes
        try:
            return add_business_minutes(self._now, minutes, Shifts(decision.candidates or self._team))
        except ConfigError:  # nobody will ever be at work for it: raise the alarm at once
            return self._now


def _must_wait(lead: PendingLead, outcome: RoutingOutcome | None) -> bool:
    state = lead.state if outcome is None else outcome.state
    return state == PlaceState.QUEUED


def _cause(lead: PendingLead) -> AssignmentCause:
    return AssignmentCause.MQL if lead.state is None else AssignmentCause.QUEUE
