"""One round of a pusher: acquire permits, make the calls durable, lock them, send them, settle them.

This pusher sends the operations of the outbox; the one of score_pusher.py sends score changes as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple

from leadops.delivery.account_guard import find_known_problem, holding_account
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.count_outcomes import record_outcomes
from leadops.delivery.daily_quota import claim_quota_call, note_reading
from leadops.delivery.database_mark import ON_HOLD
from leadops.delivery.outbox import Effect, find_next_effect_retry, lock_due_effects, release_effects, rests
from leadops.delivery.push_report import PushReport, report_failed_call, schedule_retry
from leadops.delivery.push_worker import PushWorker
from leadops.delivery.rate_limit import acquire_permits, settle_permits
from leadops.delivery.send_effect import send_effect
from leadops.lanes import Lane
from leadops.locks import Lock, holding_place
from leadops.queries import Queries

queries = Queries(__file__, topic="claim_calls")

#: Calls that share two commits: one that makes them durable, one that settles them.
EFFECTS_PER_ROUND = 50

#: So long a worker waits where others make all the calls that the target takes at once.
PLACE_PAUSE = timedelta(milliseconds=100)

#: What a round can do: operations of the outbox, leads whose score in the MA is unknown, score changes.
WorkKind = Literal["effects", "unaligned", "batches"]


@dataclass(frozen=True)
class PendingWork:
    """Calls of one kind that wait in a lane."""

    kind: WorkKind
    lane: int


#: Sends one kind of call: (lane, permits) → what it did.
Round = Callable[[Lane, int], PushReport]


class PushStep(NamedTuple):
    """The round of one kind of work, and how many calls it makes at most."""

    kind: WorkKind
    send: Round
    limit: int


class EffectPusher(PushWorker):
    """A worker that sends the operations of the outbox."""

    @property
    def steps(self) -> tuple[PushStep, ...]:
        """What a round may do, in this order."""
        return (PushStep("effects", self.send_effects, EFFECTS_PER_ROUND),)

    def list_work(self) -> set[PendingWork]:
        """Return what waits, by lane; it reads only: a push without work writes nothing."""
        with self.connection.transaction():
            values = {"target": self.target, "lanes": list(Lane), "now": self.clock()}
            return set(queries.all(self.connection, "list_effects", PendingWork, **values))

    def make_work(self) -> int:
        """Where nothing waits, ask for what may be asked for now; return how much: of effects, none."""
        return 0

    def find_obstacle(self) -> str | None:
        """Return why nothing may be sent, or None: call it once the connection is open; commits."""
        if self.is_on_hold():
            return ON_HOLD
        return find_known_problem(self.connection, self.client, target=self.target, now=self.clock())

    def run_permitted(self, send: Round, lane: Lane, *, limit: int) -> tuple[PushReport, timedelta]:
        """Run one round within the target's limits; return what it did, or how long to wait for a permit."""
        places = self.target_settings.calls_at_once
        if places is None:
            return self._run_permitted(send, lane, limit=limit)
        with holding_place(self.connection, Lock.TARGET_CALLS, self.target, places=places) as is_free:
            return self._run_permitted(send, lane, limit=limit) if is_free else (PushReport(), PLACE_PAUSE)

    def _run_permitted(self, send: Round, lane: Lane, *, limit: int) -> tuple[PushReport, timedelta]:
        at = self.clock()
        granted, wait = acquire_permits(
            self.connection, self.target, self.target_settings, lane, wanted=limit, now=at
        )
        if not granted:
            return PushReport(), wait
        report = PushReport()
        try:
            # What the target says of its day decides how many permits the next round gets.
            report = self._ask_quota(at) or self._send_in_account(send, lane, granted, at)
        finally:
            unused = granted - report.calls
            with self.connection.transaction():
                settle_permits(self.connection, self.target, granted=granted, unused=unused, now=at)
                record_outcomes(self.connection, self.target, self.client.take_outcomes())
            if reading := self.client.take_quota():
                with self.connection.transaction():
                    note_reading(self.connection, self.target, reading, now=at)
        return report, timedelta()

    def _send_in_account(self, send: Round, lane: Lane, permits: int, at: datetime) -> PushReport:
        """Send where the connection leads to the account on record; nothing goes to another one."""
        with holding_account(self.connection, self.client, target=self.target, now=at) as check:
            asked = PushReport(calls=check.calls)
            if not check.reason:
                return asked + (send(lane, permits - check.calls) if permits > check.calls else PushReport())
        if check.failure is None:
            return asked + PushReport(is_paused=True, problem=check.reason)
        with self.connection.transaction():
            schedule_retry(
                self.connection,
                check.failure,
                target=self.target,
                attempts=1,
                settings=self.settings,
                now=at,
            )
        return report_failed_call(check.failure, check.reason, attempts=0)

    def _ask_quota(self, at: datetime) -> PushReport | None:
        """Ask a target that says nothing of its day in other answers; None where that is not due."""
        call = self.product.make_quota_call()
        if call is None or not claim_quota_call(self.connection, self.target, now=at):
            return None
        self.client.send(call)
        return PushReport(calls=1)

    def time_to_next_retry(self) -> timedelta | None:
        """Return how long until the next failed call is due again, or None without one."""
        with self.connection.transaction():
            due = self.find_next_retry()
        return max(due - self.clock(), timedelta()) if due else None

    def find_next_retry(self) -> datetime | None:
        """Return when the next failed call is due again (UTC), in the caller's transaction."""
        return find_next_effect_retry(self.connection, target=self.target)

    def send_effects(self, lane: Lane, permits: int) -> PushReport:
        """Send effects of the outbox with `permits` calls; stop when the target turns out to be down.

        The last effect may take some calls more (`RowResult.next_call`): the permits of later rounds.
        """
        marked_at, product = self.clock(), self.product
        new = claim_effects(
            self.connection,
            product=product,
            target=self.target,
            lane=lane,
            limit=permits,
            now=marked_at,
            guards=self.guards,
        )
        if new and not self.advance_mark():
            return PushReport(is_paused=True, problem=ON_HOLD)
        with self.connection.transaction():
            effects = lock_due_effects(
                self.connection,
                target=self.target,
                lane=lane,
                limit=permits,
                now=self.clock(),
                claimed_at=marked_at if rests(product) else None,
            )
            report = self.send_each(effects, partial(self._send_effect, marked_at), permits=permits)
            # Another process may have sent what was claimed before: only what this round claimed is known.
            release_effects(self.connection, [one for one in effects if one.first_sent_at == marked_at])
        return report

    def _send_effect(self, marked_at: datetime, effect: Effect, _: int) -> PushReport:
        return send_effect(
            self.connection,
            self.client,
            effect,
            target=self.target,
            settings=self.settings,
            now=self.clock(),
            claimed_at=marked_at,
            is_unexplained=partial(self.is_unexplained, effect.first_sent_at, effect.attempts, marked_at),
        )
