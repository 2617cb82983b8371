"""One round of a pusher: take permits, make work durable, claim it, send it, settle it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.clients.ma import MaClient
from leadops.clients.transport import Refused
from leadops.db import Connection, load_sql
from leadops.delivery.batches import Batch, claim_batches, count_idle_batches, send_batch
from leadops.delivery.build_batches import cut_batches
from leadops.delivery.delivery_settings import DeliverySettings, TargetSettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.rate_limit import acquire, release
from leadops.delivery.read_back import read_back
from leadops.delivery.send_effect import claim_effects, prepare_effects, send_effect
from leadops.delivery.settle_batch import settle_batch

#: Calls that share two commits: one that makes them durable, one that settles them.
EFFECTS_PER_ROUND = 50
BATCHES_PER_ROUND = 10

#: What sends one kind of work: (lane, permits) → what was done.
Round = Callable[[int, int], PushReport]


@dataclass(frozen=True)
class Pusher:
    """One worker: its own connection and client (neither is shared between threads), and its end.

    It ends at `until`, or sooner where `stopped` says so; the call under way is finished.
    """

    connection: Connection
    client: MaClient
    target: str
    settings: DeliverySettings
    clock: Callable[[], datetime]
    until: datetime
    stopped: Callable[[], bool] = lambda: False

    @property
    def is_over(self) -> bool:
        """Whether no further call may be begun."""
        return self.stopped() or self.clock() >= self.until

    @property
    def target_settings(self) -> TargetSettings:
        """The settings of this worker's target."""
        return self.settings.targets[self.target]

    def permitted(self, send: Round, lane: int, *, most: int) -> tuple[PushReport, timedelta]:
        """Run one round under the target's rate; return what it did, or without a permit how long to wait."""
        granted, wait = acquire(
            self.connection, self.target, self.target_settings, wanted=most, now=self.clock()
        )
        if not granted:
            return PushReport(), wait
        done = PushReport()
        try:
            done = send(lane, granted)
        finally:
            if granted > done.calls:
                release(self.connection, self.target, count=granted - done.calls)
        return done, timedelta()

    def time_to_next_retry(self, *, effects_only: bool = False) -> timedelta | None:
        """Return how long until a call that failed may be made again, or None when none waits for that."""
        with self.connection.transaction():
            found = self.connection.execute(
                load_sql("leadops.delivery", "find_next_retry"),
                {"target": self.target, "effects_only": effects_only},
            ).fetchone()
        return max(found[0] - self.clock(), timedelta()) if found and found[0] else None

    def send_effects(self, lane: int, permits: int) -> PushReport:
        """Send up to `permits` effects of the outbox, unless the target turns out to be down."""
        prepare_effects(self.connection, target=self.target, lane=lane, limit=permits, now=self.clock())
        done = PushReport()
        with self.connection.transaction():
            for effect in claim_effects(
                self.connection, target=self.target, lane=lane, limit=permits, now=self.clock()
            ):
                done += send_effect(
                    self.connection,
                    self.client.transport,
                    effect,
                    target=self.target,
                    settings=self.settings,
                    now=self.clock(),
                )
                if done.is_down or self.is_over:
                    break
        return done

    def send_batches(self, lane: int, permits: int) -> PushReport:
        """Send up to `permits` batches of deltas, unless the target turns out to be down."""
        idle = count_idle_batches(self.connection, target=self.target, lane=lane, limit=permits)
        if idle < permits:
            cut_batches(
                self.connection,
                target=self.target,
                lane=lane,
                batch_size=self.target_settings.batch_size,
                batches=permits - idle,
                now=self.clock(),
            )
        done = PushReport()
        with self.connection.transaction():
            for batch in claim_batches(
                self.connection, target=self.target, lane=lane, limit=permits, now=self.clock()
            ):
                done += self._send(batch, permits=permits - done.calls)
                if done.is_down or done.calls >= permits or self.is_over:
                    break
        return done

    def _send(self, batch: Batch, *, permits: int) -> PushReport:
        if self.clock() - batch.created_at > self.target_settings.key_memory:
            return self._read_back(batch, permits)
        outcome = send_batch(self.client, batch)
        if isinstance(outcome, Refused) and not outcome.concerns_caller and batch.attempts:
            # An earlier try may have taken effect: what the refusal means is only known from the scores.
            return PushReport(calls=1) + self._read_back(batch, permits - 1)
        return settle_batch(
            self.connection, batch, outcome, target=self.target, settings=self.settings, now=self.clock()
        )

    def _read_back(self, batch: Batch, permits: int) -> PushReport:
        return read_back(
            self.connection,
            self.client,
            batch,
            target=self.target,
            settings=self.settings,
            now=self.clock(),
            permits=permits,
            is_over=lambda: self.is_over,
        )
