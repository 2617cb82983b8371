"""The clock without a lead of its own: the median time from MQL to accepted and contacted."""

from datetime import datetime, timedelta
from typing import NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.queries import Queries
from leadops.sla.clock_states import ClockState, SlaClock
from leadops.sla.clocks import write_breaches
from leadops.sla.sla_policy import SlaPolicy

queries = Queries(__file__, topic="clocks")


class MedianMeasure(NamedTuple):
    """How many leads the median is about, and the median in counted minutes (None without leads)."""

    leads: int
    minutes: float | None


class MedianState(NamedTuple):
    """The last state of the median, and since when it is not met."""

    state: str
    since: datetime


def watch_median(connection: Connection, *, policy: SlaPolicy, now: datetime, is_feed_late: bool) -> None:
    """Write the median's row in sla.breaches (lead 0, cycle 0): at risk, breached, or met again.

    While the feed is late, a median that would newly be at risk or breached is held, and an open one stays.
    """
    target = policy.median
    measure = queries.one(
        connection,
        "measure_median",
        MedianMeasure,
        since=now - timedelta(days=target.window_days),
        now=now,
    )
    minutes = measure.minutes or 0.0
    previous = queries.first(connection, "read_median_state", MedianState)
    before = previous or MedianState(ClockState.MET, now)
    state = decide_median_state(
        MedianMeasure(measure.leads, minutes), before.state, policy=policy, is_feed_late=is_feed_late
    )
    is_met, was_met = state == ClockState.MET, before.state == ClockState.MET
    since = now if was_met and not is_met else before.since
    row = {
        "lead_id": 0,
        "cycle": 0,
        "clock": SlaClock.MEDIAN_TO_SAL,
        "state": state,
        "started_at": since,
        "due_at": since,
        "stopped_at": now if is_met and not was_met else None,
        "business_minutes": minutes,
        "target_minutes": target.target_minutes,
        "now": now,
        "evidence": Jsonb({"leads": measure.leads, "window_days": target.window_days}),
    }
    write_breaches(connection, [row])


def decide_median_state(measure: MedianMeasure, before: str, *, policy: SlaPolicy, is_feed_late: bool) -> str:
    """Return the state that follows `before`; fewer than `min_leads` leads are always met."""
    target, minutes = policy.median, measure.minutes or 0.0
    state: str = ClockState.MET
    if measure.leads >= target.min_leads:
        if minutes > target.target_minutes:
            state = ClockState.BREACHED
        elif minutes >= target.target_minutes * policy.warn_at.median_to_sal:
            state = ClockState.AT_RISK
    if is_feed_late and state != before:
        return ClockState.HELD if before == ClockState.MET else before
    return state
