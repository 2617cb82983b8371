"""One round of a pusher: take permits, make work durable, claim it, send it, settle it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from leadops.clients.ma import MaClient
from leadops.db import Connection, load_sql
from leadops.delivery.batches import Batch, claim_batches, count_idle_batches, send_batch
from leadops.delivery.cut import cut_batches
from leadops.delivery.effects import claim_effects, prepare_effects, send_effect
from leadops.delivery.permits import give_back_permits, take_permits
from leadops.delivery.read_back import read_back
from leadops.delivery.report import Report
from leadops.delivery.settings import DeliverySettings, TargetSettings
from leadops.delivery.settle import settle_batch

#: Calls that share two commits: one that makes them durable, one that settles them.
EFFECTS_PER_ROUND = 50
BATCHES_PER_ROUND = 8

Claimed = TypeVar("Claimed")

#: What sends one kind of work: (lane, permits) → what was done.
Round = Callable[[int, int], Report]


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

    def permitted(self, send: Round, lane: int, *, most: int) -> tuple[Report, timedelta]:
        """Run one round under the target's rate; return what it did, or without a permit how long to wait."""
        granted, wait = take_permits(
            self.connection, self.target, self.target_settings, wanted=most, now=self.clock()
        )
        if not granted:
            return Report(), wait
        done = Report()
        try:
            done = send(lane, granted)
        finally:
            if granted > done.calls:
                give_back_permits(self.connection, self.target, count=granted - done.calls)
        return done, timedelta()

    def time_to_next_retry(self, *, effects_only: bool = False) -> timedelta | None:
        """Return how long until a call that failed may be made again, or None when none waits for that."""
        with self.connection.transaction():
            found = self.connection.execute(
                load_sql("leadops.delivery", "find_next_retry"),
                {"target": self.target, "effects_only": effects_only},
            ).fetchone()
        return max(found[0] - self.clock(), timedelta()) if found and found[0] else None

    def send_effects(self, lane: int, permits: int) -> Report:
        """Send up to `permits` effects of the outbox, until the first that fails."""
        prepare_effects(self.connection, target=self.target, lane=lane, limit=permits, now=self.clock())
        done = Report()
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
                if done.failed or self.is_over:
                    break
        return done

    def send_batches(self, lane: int, permits: int) -> Report:
        """Send up to `permits` batches of deltas, until the first that fails."""
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
        done = Report()
        with self.connection.transaction():
            for batch in claim_batches(
                self.connection, target=self.target, lane=lane, limit=permits, now=self.clock()
            ):
                done += self._send(batch)
                if done.failed or self.is_over:
                    break
        return done

    def _claim(self, claim: Callable[..., list[Claimed]], lane: int, permits: int) -> list[Claimed]:
        return claim(self.connection, target=self.target, lane=lane, limit=permits, now=self.clock())

    def _send(self, batch: Batch) -> Report:
        now = self.clock()
        if now - batch.created_at > self.target_settings.key_memory:
            return read_back(
                self.connection, self.client, batch, target=self.target, settings=self.settings, now=now
            )
        outcome = send_batch(self.client, batch)
        return settle_batch(
            self.connection, batch, outcome, target=self.target, settings=self.settings, now=self.clock()
        )
