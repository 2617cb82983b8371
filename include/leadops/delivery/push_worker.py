"""What every round of a worker needs: its connection and client, its time, and the mark of the database."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from leadops.db import Connection
from leadops.delivery.database_mark import DatabaseMark, find_hold
from leadops.delivery.delivery_settings import DeliverySettings, TargetSettings
from leadops.delivery.duplicates import is_unexplained
from leadops.delivery.effect_guard import EffectGuard
from leadops.delivery.push_report import PushReport
from leadops.identity.identity_settings import IdentitySettings
from leadops.products.product import Product
from leadops.products.product_client import ProductClient

Locked = TypeVar("Locked")


@dataclass(frozen=True)
class PushWorker:
    """One worker with its own connection and client, which threads must not share.

    It ends at `until`, or earlier when `stopped` says so; it finishes the current call. `identity` says where
    the names of leads stand that are made again; `mark` notices that the database went back. `began_at`: when
    the first worker of this process began (None: each round counts alone). `guards` say which effects must
    not go out any more.
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
    guards: Sequence[EffectGuard] = ()

    @property
    def product(self) -> Product:
        """The product that stands behind this worker's target."""
        return self.client.product

    @property
    def is_over(self) -> bool:
        """Whether no further call may begin."""
        return self.stopped() or self.clock() >= self.until

    @property
    def target_settings(self) -> TargetSettings:
        """The settings of this worker's target."""
        return self.settings.targets[self.target]

    @property
    def slices(self) -> int:
        """Into how many slices the leads of this worker's target are divided."""
        return self.settings.count_slices(self.target)

    def is_on_hold(self) -> bool:
        """Whether nothing may be sent: call it once the connection is open; commits."""
        if self.mark is not None:
            return self.mark.check(self.connection, now=self.clock()) is not None
        with self.connection.transaction():
            return find_hold(self.connection) is not None

    def advance_mark(self) -> bool:
        """Let the file outside remember that there are new calls; return False where none may be made."""
        return self.mark is None or self.mark.advance(self.connection, now=self.clock())

    def send_each(
        self,
        calls: Iterable[Locked],
        send: Callable[[Locked, int], PushReport],
        *,
        permits: int,
        is_last: Callable[[Locked, PushReport], bool] = lambda call, report: False,  # noqa: ARG005
    ) -> PushReport:
        """Send locked calls in order by `send(call, permits left)`; stop when the target is down.

        `is_last` says of a call and what became of it that the others have to wait.
        """
        report = PushReport()
        for call in calls:
            sent = send(call, permits - report.calls)
            report += sent
            if report.is_down or report.calls >= permits or self.is_over or is_last(call, sent):
                break
        return report

    def is_unexplained(self, claimed_at: datetime, attempts: int, round_at: datetime) -> bool:
        """Return whether nothing on record explains that the target had a call of this round before."""
        since = self.mark.find_start(self.connection) if self.mark else None
        began_at = self.began_at or round_at
        return is_unexplained(claimed_at, attempts=attempts, began_at=began_at, remembered_since=since)
