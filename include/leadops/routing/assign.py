"""Gives each new MQL an owner, empties the queues, and lets leads move on that nobody got in touch with."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from leadops.calendar.counted import add_business_minutes
from leadops.company import Company
from leadops.db import Connection
from leadops.errors import ConfigError
from leadops.routing.decide import Asking, Decision, decide
from leadops.routing.record import Outcome, Recorder
from leadops.routing.rules import RoutingRules
from leadops.routing.team import Rep, Shifts, Team, read_team
from leadops.routing.work import Loads, Work, read_loads, read_owners, take_work
from leadops.settings import load_config

#: Any constant: two runs at once wait for each other on it.
ROUTING_LOCK = 7_302_010

#: Cycles taken from the inbox in one transaction.
CHUNK = 1_000


@dataclass(frozen=True)
class Assigned:
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
    zone: ZoneInfo | None = None,
    most: int = CHUNK,
) -> Assigned:
    """Route what has come since the last run, in one transaction; one run at a time, others wait for it.

    The outcome is a function of the tables, the rules and `now`: the leads are looked at in the order of
    (qualified_at, lead_id, cycle), and a run that is repeated finds its work done. The CRM's owner is wanted
    in delivery.outbox. `zone` (None: the company's) is that of salespeople whose profile names none. With
    `remaining`, the inbox holds more than `most` cycles. The cost grows with what has come and what waits.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [ROUTING_LOCK])
        team = read_team(connection, rules=rules, zone=zone or load_config("company", Company).zone)
        todo, remaining = take_work(connection, now=now, most=most)
        router = Router(
            team=team,
            rules=rules,
            loads=read_loads(connection, team=team, rules=rules, now=now),
            owners=read_owners(connection, [work.account for work in todo]),
            now=now,
        )
        recorder = Recorder(connection, rules=rules, now=now)
        counts = Counter[str]()
        for work in todo:
            outcome = router.route(work)
            if outcome is not None:
                recorder.record(work, outcome)
                counts += outcome.counts
    return Assigned(
        counts["assigned"],
        counts["account"],
        counts["breach"],
        counts["queued"],
        counts["closed"],
        remaining,
    )


class Router:
    """One run's decisions; each counts for the ones after it."""

    def __init__(
        self, *, team: Team, rules: RoutingRules, loads: Loads, owners: dict[str, str], now: datetime
    ) -> None:
        self._team, self._rules, self._loads, self._owners, self._now = team, rules, loads, owners, now

    def route(self, work: Work) -> Outcome | None:
        """Return what becomes of a lead; None when nothing changes."""
        if work.state == "closed":
            return None
        if work.state == "owned":
            return self._look_again(work)
        if work.has_ended:
            return Outcome(state="closed")
        if work.taken_by is not None:
            self._settle_account(work.account, work.taken_by)
            self._loads.note(work.taken_by, is_quiet=work.is_quiet, now=self._now)
            return Outcome(
                state="closed",
                rep_id=work.taken_by,
                cause=_cause(work),
                why="taken",
                owns_account=self._owners.get(work.account) == work.taken_by,
            )
        return self._place(work)

    def _place(self, work: Work) -> Outcome | None:
        """Find somebody for a lead that is new or waits."""
        decision = self._decide(work, owner=self._owners.get(work.account))
        is_late = work.is_late or (work.is_breach and work.state is not None)
        if decision.rep_id is not None:
            return self._give(work, decision, cause=_cause(work), moves=work.moves, is_late=is_late)
        queue = self._rules.after_hours.name if decision.off_hours else self._rules.queue.name
        if work.state == "queued" and work.queue == queue:
            return None if is_late == work.is_late else Outcome(state="queued", is_late=True, is_news=False)
        return Outcome(
            state="queued",
            queue=queue,
            cause=_cause(work),
            why="queue",
            decision=decision,
            is_late=is_late,
            alarm_at=None if work.is_quiet else self._alarm_at(decision),
        )

    def _look_again(self, work: Work) -> Outcome | None:
        """Let a lead move on whose owner has not got in touch in time."""
        if not work.is_due and (work.is_late or not work.is_breach):
            return None
        is_late = work.is_late or work.is_breach
        if work.is_contacted or work.has_ended or work.moves >= self._rules.move_on.at_most:
            return Outcome(state="owned", is_late=is_late, is_news=False)
        decision = self._decide(work, owner=None)
        if decision.rep_id is None:  # the owner keeps it until somebody else can take it
            return Outcome(state="owned", is_late=True, look_at=self._now, is_news=False)
        return self._give(work, decision, cause="breach", moves=work.moves + 1, is_late=True)

    def _decide(self, work: Work, *, owner: str | None) -> Decision:
        facts = self._rules.complete({name: str(value) for name, value in work.traits.items()})
        asking = Asking(facts, owner, frozenset(work.had), work.is_quiet)
        return decide(
            asking,
            team=self._team,
            loads=self._loads.of(is_quiet=work.is_quiet),
            rules=self._rules,
            now=self._now,
        )

    def _give(self, work: Work, decision: Decision, *, cause: str, moves: int, is_late: bool) -> Outcome:
        rep = self._team.find(decision.rep_id or "")
        self._loads.note(decision.rep_id or "", is_quiet=work.is_quiet, now=self._now)
        self._settle_account(work.account, decision.rep_id or "")
        again = is_late and moves < self._rules.move_on.at_most and not work.is_quiet
        return Outcome(
            state="owned",
            rep_id=decision.rep_id,
            cause=cause,
            why=decision.why,
            decision=decision,
            moves=moves,
            is_late=is_late,
            look_at=self._due(rep) if again and rep else None,
            owns_account=self._owners.get(work.account) == decision.rep_id,
        )

    def _settle_account(self, account: str, rep_id: str) -> None:
        """The first owner of an account stays its owner, until they have left."""
        if self._team.find(self._owners.get(account, "")) is None:
            self._owners[account] = rep_id

    def _due(self, rep: Rep) -> datetime:
        return add_business_minutes(self._now, self._rules.move_on.after_minutes, rep)

    def _alarm_at(self, decision: Decision) -> datetime | None:
        """Return when a lead will have waited too long in its queue."""
        if decision.off_hours:
            after = self._rules.after_hours.alarm_after_minutes
            return None if after is None else self._now + timedelta(minutes=after)
        minutes = self._rules.queue.alarm_after_minutes
        try:
            return add_business_minutes(self._now, minutes, Shifts(decision.asked or self._team))
        except ConfigError:  # nobody will ever be at work for it: say so at once
            return self._now


def _cause(work: Work) -> str:
    return "mql" if work.state is None else "queue"
