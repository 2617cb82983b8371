"""The lag of the event feed, worked out from the data.

`minutes_lag` is the larger of two parts, 0 where neither is known:

- transport: how late events arrive (received_at - ts) among the arrivals of the last `window_minutes`
  that are no history and were not let in from the quarantine. Each sender counts once, with its
  freshest event; the value is the delay that a share of `late_share` of the senders, and at least
  `min_senders` of them, reach or exceed. So one visitor with a wrong clock, or one app that comes back
  online, is not a slow feed; with fewer senders nothing is said.
- waiting: how long the oldest accepted event has been waiting to be resolved to a lead.

`quiet_minutes` since the last arrival is told beside it: silence is no lag, but worth a look.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from leadops.db import Connection, load_sql
from leadops.events.event_settings import LagSettings


@dataclass(frozen=True)
class Lag:
    """How far the feed is behind at `as_of`; all spans in minutes, None where the data do not say."""

    minutes_lag: float
    as_of: datetime
    transport_minutes: float | None
    waiting_minutes: float | None
    quiet_minutes: float | None
    senders: int


def measure_lag(connection: Connection, *, now: datetime, settings: LagSettings | None = None) -> Lag:
    """Return the lag at `now`; `settings` are those of config/events.yaml, its defaults where not given."""
    parameters = lag_parameters(now, settings or LagSettings())
    row = connection.execute(load_sql("leadops.events", "measure_lag"), parameters).fetchone()
    return lag_from_row(row, now)


def lag_parameters(now: datetime, settings: LagSettings) -> dict[str, Any]:
    """Return the bound parameters of measure_lag.sql."""
    return {
        "now": now,
        "span": timedelta(minutes=settings.window_minutes),
        "max_events": settings.max_events,
        "late_share": settings.late_share,
        "min_senders": settings.min_senders,
    }


def lag_from_row(row: tuple[Any, ...] | None, now: datetime) -> Lag:
    """Return the lag from the statement's only row: transport, waiting, quiet (intervals), senders."""
    transport, waiting, quiet, senders = row or (None, None, None, 0)
    parts = [_minutes(transport), _minutes(waiting), _minutes(quiet)]
    return Lag(max(parts[0] or 0.0, parts[1] or 0.0), now, parts[0], parts[1], parts[2], senders)


def _minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(max(span.total_seconds(), 0.0) / 60, 3)
