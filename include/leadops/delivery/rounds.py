"""One round of a pusher: acquire permits, make the calls durable, lock them, send them, settle them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Literal

from leadops.clients.transport import Refused
from leadops.db import Connection
from leadops.delivery.align_leads import align_leads
from leadops.delivery.batches import (
    DeltaBatch,
    count_idle_batches,
    find_next_batch_retry,
    lock_due_batches,
    release_batches,
    send_batch,
)
from leadops.delivery.build_batches import build_batches
from leadops.delivery.build_totals import list_total_lanes
from leadops.delivery.claim_calls import claim_batches, claim_effects
from leadops.delivery.daily_quota import claim_quota_call, note_reading
from leadops.delivery.database_mark import ON_HOLD, DatabaseMark, find_hold
from leadops.delivery.delivery_settings import TRUSTED_MEMORY, DeliverySettings, TargetSettings
from leadops.delivery.duplicates import is_unexplained
from leadops.delivery.look_up import look_up
from leadops.delivery.outbox import find_next_effect_retry, lock_due_effects, release_effects, rests
from leadops.delivery.presence import recreate_leads
from leadops.delivery.push_report import PushReport
from leadops.delivery.rate_limit import acquire_permits, settle_permits
from leadops.delivery.read_back import read_back
from leadops.delivery.send_effect import send_effect
from leadops.delivery.send_totals import send_totals
from leadops.delivery.settle_batch import settle_batch
from leadops.identity.identity_settings import IdentitySettings
from leadops.lanes import Lane
from leadops.locks import Lock, holding_place
from leadops.products.product import ScoreWay
from leadops.products.product_client import ProductClient
from leadops.queries import Queries

queries = Queries(__file__)

#: Calls that share two commits: one that makes them durable, one that settles them.
EFFECTS_PER_ROUND = 50
ALIGNED_PER_ROUND = 50

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


@dataclass(frozen=True)
class Pusher:
    """One worker with its own connection and client, which threads must not share.

    It ends at `until`, or earlier when `stopped` says so; it finishes the current call. `identity` says where
    the names of leads stand that are made again; `mark` notices that the database went back. `began_at`: when
    the first worker of this process began (None: each round counts alone).
    """

    connection: Connection
    client: ProductClient
    target: str
    settings: DeliverySettings
    clock: Callable[[], datetime]
    until: datetime
    stopped: Callable[[], bool] = lambda: False
    identity: IdentitySettings | None = None
    mark: DatabaseMark | None = None
    began_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        """Whether no further call may begin."""
        return self.stopped() or self.clock() >= self.until

    @property
    def target_settings(self) -> TargetSettings:
        """The settings of this worker's target."""
        return self.settings.targets[self.target]

    @property
    def _sets_totals(self) -> bool:
        return self.client.product.score_way is ScoreWay.SET

    def is_on_hold(self) -> bool:
        """Whether nothing may be sent: call it once the connection is open; commits."""
        if self.mark is not None:
            return self.mark.check(self.connection, now=self.clock()) is not None
        with self.connection.transaction():
            return find_hold(self.connection) is not None

    def list_effects(self) -> set[PendingWork]:
        """Return the lanes with effects to send; it reads only: a push without work writes nothing."""
        with self.connection.transaction():
            values = {"target": self.target, "lanes": list(Lane), "now": self.clock()}
            return set(queries.all(self.connection, "list_effects", PendingWork, **values))

    def list_score_work(self) -> set[PendingWork]:
        """Return what there may be to do about scores; it reads only."""
        with self.connection.transaction():
            values = {"target": self.target, "lanes": list(Lane), "now": self.clock()}
            work = set(queries.all(self.connection, "list_score_work", PendingWork, **values))
            if not self._sets_totals:
                return work
            lanes = list_total_lanes(self.connection, target=self.target, now=self.clock())
        return work | {PendingWork("batches", lane) for lane in lanes}

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
            report = self._ask_quota(at) or send(lane, granted)
        finally:
            unused = granted - report.calls
            settle_permits(self.connection, self.target, granted=granted, unused=unused, now=at)
            if reading := self.client.take_quota():
                with self.connection.transaction():
                    note_reading(self.connection, self.target, reading, now=at)
        return report, timedelta()

    def _ask_quota(self, at: datetime) -> PushReport | None:
        """Ask a target that says nothing of its day in other answers; None where that is not due."""
        call = self.client.product.make_quota_call()
        if call is None or not claim_quota_call(self.connection, self.target, now=at):
            return None
        self.client.send(call)
        return PushReport(calls=1)

    def time_to_next_retry(self, *, effects_only: bool = False) -> timedelta | None:
        """Return how long until the next failed call is due again, or None without one."""
        with self.connection.transaction():
            retries = [find_next_effect_retry(self.connection, target=self.target)]
            if not effects_only:
                retries.append(find_next_batch_retry(self.connection, target=self.target))
        due = [retry for retry in retries if retry is not None]
        return max(min(due) - self.clock(), timedelta()) if due else None

    def send_effects(self, lane: Lane, permits: int) -> PushReport:
        """Send effects of the outbox with `permits` calls; stop when the target turns out to be down.

        The last effect may take some calls more (`RowResult.next_call`): the permits of later rounds.
        """
        marked_at, product = self.clock(), self.client.product
        new = claim_effects(
            self.connection,
            product=product,
            target=self.target,
            lane=lane,
            limit=permits,
            now=marked_at,
        )
        if new and not self._advance_mark():
            return PushReport(is_paused=True, problem=ON_HOLD)
        report = PushReport()
        with self.connection.transaction():
            effects = lock_due_effects(
                self.connection,
                target=self.target,
                lane=lane,
                limit=permits,
                now=self.clock(),
                claimed_at=marked_at if rests(product) else None,
            )
            for effect in effects:
                report += send_effect(
                    self.connection,
                    self.client,
                    effect,
                    target=self.target,
                    settings=self.settings,
                    now=self.clock(),
                    claimed_at=marked_at,
                    is_unexplained=partial(
                        self._is_unexplained, effect.first_sent_at, effect.attempts, marked_at
                    ),
                )
                if report.is_down or report.calls >= permits or self.is_over:
                    break
            # Another process may have sent what was claimed before: only what this round claimed is known.
            release_effects(self.connection, [one for one in effects if one.first_sent_at == marked_at])
        return report

    def recreate_leads(self) -> int:
        """Ask for gone leads of the target once more where the settings allow it; return how many."""
        return recreate_leads(
            self.connection,
            target=self.target,
            settings=self.settings,
            identity=self.identity,
            now=self.clock(),
        )

    def align_leads(self, lane: Lane, permits: int) -> PushReport:  # noqa: ARG002
        """Align up to `permits` leads, whichever lane their points wait in."""
        return align_leads(
            self.connection,
            self.client,
            target=self.target,
            settings=self.settings,
            permits=permits,
            is_over=lambda: self.is_over,
            now=self.clock(),
        )

    def send_batches(self, lane: Lane, permits: int) -> PushReport:
        """Send up to `permits` batches of deltas or totals; stop when the target turns out to be down."""
        if self._sets_totals:
            return send_totals(
                self.connection,
                self.client,
                target=self.target,
                lane=lane,
                permits=permits,
                settings=self.settings,
                clock=self.clock,
                is_over=lambda: self.is_over,
                advance_mark=self._advance_mark,
            )
        built_at, has_log = self.clock(), self.client.product.has_change_log
        # In one transaction: between two, another worker would take the new batches for idle ones, build none
        # of its own, and end.
        with self.connection.transaction():
            new = count_idle_batches(self.connection, target=self.target, lane=lane, limit=permits)
            if new < permits:
                new += build_batches(
                    self.connection,
                    target=self.target,
                    lane=lane,
                    batch_size=min(self.target_settings.batch_size, self.client.product.row_limit),
                    batches=permits - new,
                    now=built_at,
                )
            new += claim_batches(
                self.connection,
                product=self.client.product,
                target=self.target,
                lane=lane,
                limit=permits,
                now=built_at,
            )
        if new and not self._advance_mark():
            return PushReport(is_paused=True, problem=ON_HOLD)
        report = PushReport()
        with self.connection.transaction():
            batches = lock_due_batches(
                self.connection,
                target=self.target,
                lane=lane,
                limit=permits,
                now=self.clock(),
                claimed_at=built_at if has_log else None,
            )
            for batch in batches:
                report += self._send_batch(batch, permits=permits - report.calls, built_at=built_at)
                if report.is_down or report.calls >= permits or self.is_over:
                    break
            release_batches(self.connection, [one for one in batches if one.first_sent_at == built_at])
        if new and not (batches or has_log or self.is_over):
            # Another worker locked them between the two transactions; there may be more for this one.
            return self.send_batches(lane, permits)
        return report

    def _advance_mark(self) -> bool:
        """Let the file outside remember that there are new calls; return False where none may be made."""
        return self.mark is None or self.mark.advance(self.connection, now=self.clock())

    def _is_unexplained(self, claimed_at: datetime, attempts: int, round_at: datetime) -> bool:
        since = self.mark.find_start(self.connection) if self.mark else None
        began_at = self.began_at or round_at
        return is_unexplained(claimed_at, attempts=attempts, began_at=began_at, remembered_since=since)

    def _send_batch(self, batch: DeltaBatch, *, permits: int, built_at: datetime) -> PushReport:
        if self.client.product.has_change_log and (batch.is_tried or batch.first_sent_at != built_at):
            return look_up(
                self.connection,
                self.client,
                batch,
                target=self.target,
                settings=self.settings,
                now=self.clock(),
                permits=permits,
                is_over=lambda: self.is_over,
            )
        # A key is trusted for a short outage only: some products forget it sooner than they say, and until
        # the call is settled, later changes of its leads wait for it.
        memory = min(self.target_settings.key_memory, TRUSTED_MEMORY)
        is_memory_over = self.clock() - batch.first_sent_at > memory
        if is_memory_over or batch.is_answered or batch.is_read_back:
            is_final = is_memory_over or not batch.is_answered
            return self._read_back(batch, permits, is_final=is_final)
        outcome = send_batch(self.client, batch)
        if isinstance(outcome, Refused) and not outcome.concerns_caller and batch.may_have_arrived:
            # An earlier attempt may have taken effect: only the scores show what the refusal means.
            return PushReport(calls=1) + self._read_back(batch, permits - 1)
        return settle_batch(
            self.connection,
            batch,
            outcome,
            product=self.client.product,
            target=self.target,
            settings=self.settings,
            now=self.clock(),
            is_unexplained=partial(self._is_unexplained, batch.first_sent_at, batch.attempts, built_at),
        )

    def _read_back(self, batch: DeltaBatch, permits: int, *, is_final: bool = True) -> PushReport:
        return read_back(
            self.connection,
            self.client,
            batch,
            target=self.target,
            settings=self.settings,
            now=self.clock(),
            permits=permits,
            is_over=lambda: self.is_over,
            is_final=is_final,
        )
