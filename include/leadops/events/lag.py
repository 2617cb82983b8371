"""How far the event feed is behind, measured from the data.

`minutes_lag` is the larger of two parts, 0 if neither is known:

- transport: how late events arrive (received_at - ts) among the arrivals of the last `window_minutes`
  that are neither history nor admitted from the quarantine. Each sender counts once, with its freshest
  event; the value is the delay that a share of `late_share` of the senders, and at least `min_senders` of
  them, reach or exceed. So one visitor with a wrong clock, or one app that comes back online, is not a slow
  feed; with fewer senders the part is unknown.
- waiting: how long the oldest accepted event has been waiting to be resolved to a lead.

`quiet_minutes` since the last arrival is returned beside it: silence is not lag, but worth a look.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.db import AsyncConnection
from leadops.events.event_settings import LagSettings
from leadops.queries import Queries

queries = Queries(__file__, topic="checks")


@dataclass(frozen=True)
class Lag:
    """How far the feed is behind at `as_of`; all spans in minutes, None if the data do not say."""

    minutes_lag: float
    as_of: datetime
    transport_minutes: float | None
    waiting_minutes: float | None
    quiet_minutes: float | None
    senders: int


@dataclass(frozen=True)
class LagSpans:
    """What the statement measures."""

    transport: timedelta | None
    waiting: timedelta | None
    quiet: timedelta | None
    senders: int


async def measure_lag(connection: AsyncConnection, *, now: datetime, settings: LagSettings) -> Lag:
    """Return the lag at `now` (UTC)."""
    spans = await queries.one_async(
        connection,
        "measure_lag",
        LagSpans,
        now=now,
        span=timedelta(minutes=settings.window_minutes),
        max_events=settings.max_events,
        late_share=settings.late_share,
        min_senders=settings.min_senders,
    )
    transport, waiting, quiet = _minutes(spans.transport), _minutes(spans.waiting), _minutes(spans.quiet)
    return Lag(max(transport or 0.0, waiting or 0.0), now, transport, waiting, quiet, spans.senders)


def _minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(max(span.total_seconds(), 0.0) / 60, 3)
