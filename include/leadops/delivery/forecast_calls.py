"""How many calls what waits for a target takes, beside what its day has left."""

from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import NamedTuple

from leadops.db import Connection
from leadops.delivery.build_totals import AGAIN_LANE
from leadops.delivery.daily_quota import Allowance, find_allowance
from leadops.delivery.delivery_settings import TargetSettings
from leadops.lanes import Lane
from leadops.products.product import Product
from leadops.products.product_rows import ScoreWay
from leadops.queries import Queries

queries = Queries(__file__, topic="build_batches")


class WaitingWork(NamedTuple):
    """What waits for a target in one lane; `batches` of score changes are made already, `deltas` are not.

    `totals` are the leads that these are of, where scores are set.
    """

    lane: int
    effects: int
    batches: int
    deltas: int
    totals: int


def count_waiting(
    connection: Connection, target: str, *, sets_totals: bool, now: datetime
) -> list[WaitingWork]:
    """Return what waits for `target`: the live lane first, then backfill."""
    return queries.all(
        connection,
        "count_waiting",
        WaitingWork,
        target=target,
        lanes=list(Lane),
        again_lane=AGAIN_LANE,
        sets_totals=sets_totals,
        now=now,
    )


@dataclass(frozen=True)
class CallForecast:
    """The calls of one lane if none fails, and what the day has left for it."""

    lane: Lane
    effects: int
    deltas: int
    calls: int
    allowance: Allowance

    @property
    def is_short(self) -> bool:
        """Whether the day has fewer calls left than that."""
        return self.allowance.calls is not None and self.calls > self.allowance.calls


def forecast_calls(
    connection: Connection,
    target: str,
    settings: TargetSettings,
    *,
    product: Product,
    now: datetime,
    more_deltas: int = 0,
) -> list[CallForecast]:
    """Return a forecast for each lane: the live one, then backfill with the calls that live work leaves it.

    `more_deltas` is how many live score changes come on top. Where scores are set, several changes of a lead
    are one row of a call; those on top count as one lead each. Reads only.
    """
    forecasts: list[CallForecast] = []
    before = 0
    sets_totals = product.score_way is ScoreWay.SET
    for waiting in count_waiting(connection, target, sets_totals=sets_totals, now=now):
        lane = Lane(waiting.lane)
        more = more_deltas if lane is Lane.LIVE else 0
        deltas = waiting.deltas + more
        rows = waiting.totals + more if sets_totals else deltas
        rows_a_call = min(settings.batch_size, product.row_limit)
        calls = waiting.effects + waiting.batches + ceil(rows / rows_a_call)
        left = find_allowance(connection, target, settings, lane, now=now)
        if left.calls is not None:
            left = Allowance(max(left.calls - before, 0), left.ends_at)
        forecasts.append(CallForecast(lane, waiting.effects, deltas, calls, left))
        before += calls
    return forecasts
