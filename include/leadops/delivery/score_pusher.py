"""A pusher that sends score changes behind the effects: as changes, or as totals."""

from datetime import datetime

from leadops.delivery.align_leads import align_leads
from leadops.delivery.batches import BATCHES_PER_ROUND, find_next_batch_retry
from leadops.delivery.build_totals import list_total_lanes
from leadops.delivery.effect_pusher import EffectPusher, PendingWork, PushStep
from leadops.delivery.presence import recreate_leads
from leadops.delivery.push_report import PushReport
from leadops.delivery.send_scores import send_changes, send_totals
from leadops.delivery.slices import LeadSlice, holding_slice
from leadops.lanes import Lane
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__, topic="claim_calls")

#: The target whose score changes come from the ledger.
SCORED_TARGET = "ma"
#: Calls that share two commits, as those of effects.
ALIGNED_PER_ROUND = 50


def choose_pusher(target: str) -> type[EffectPusher]:
    """Return the pusher that sends everything that may wait for `target`."""
    return ScorePusher if target == SCORED_TARGET else EffectPusher


class ScorePusher(EffectPusher):
    """A worker that sends effects, aligns leads, and sends score changes or totals."""

    @property
    def steps(self) -> tuple[PushStep, ...]:
        """What a round may do, in this order: a lead is there before its points."""
        return (
            *super().steps,
            PushStep("unaligned", self.align_leads, ALIGNED_PER_ROUND),
            PushStep("batches", self.send_batches, BATCHES_PER_ROUND),
        )

    @property
    def _sets_totals(self) -> bool:
        return self.product.score_way is ScoreWay.SET

    def list_work(self) -> set[PendingWork]:
        """Return what waits, and what there may be to do about scores; it reads only."""
        work = super().list_work()
        with self.connection.transaction():
            values = {"target": self.target, "lanes": list(Lane), "now": self.clock()}
            work |= set(queries.all(self.connection, "list_score_work", PendingWork, **values))
            if not self._sets_totals:
                return work
            lanes = list_total_lanes(self.connection, target=self.target, now=self.clock())
        return work | {PendingWork("batches", lane) for lane in lanes}

    def make_work(self) -> int:
        """Ask for gone leads of the target once more where the settings allow it; return how many."""
        return recreate_leads(
            self.connection,
            target=self.target,
            settings=self.settings,
            identity=self.identity,
            now=self.clock(),
        )

    def find_next_retry(self) -> datetime | None:
        """Return when the next failed call is due again (UTC), in the caller's transaction."""
        retries = (super().find_next_retry(), find_next_batch_retry(self.connection, target=self.target))
        return min((retry for retry in retries if retry is not None), default=None)

    def align_leads(self, lane: Lane, permits: int) -> PushReport:  # noqa: ARG002
        """Align up to `permits` leads of a slice that is free, whichever lane their points wait in."""
        for number in range(self.slices):
            among = LeadSlice(number, self.slices)
            with holding_slice(self.connection, self.target, among) as is_free:
                report = self._align_slice(among, permits) if is_free else PushReport()
            if report.has_progress:
                return report
        return PushReport()

    def _align_slice(self, among: LeadSlice, permits: int) -> PushReport:
        return align_leads(
            self.connection,
            self.client,
            target=self.target,
            settings=self.settings,
            among=among,
            permits=permits,
            is_over=lambda: self.is_over,
            now=self.clock(),
        )

    def send_batches(self, lane: Lane, permits: int) -> PushReport:
        """Send up to `permits` batches of changes or totals; stop when the target turns out to be down."""
        return (send_totals if self._sets_totals else send_changes)(self, lane, permits)
