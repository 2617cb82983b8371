"""The clock with no lead of its own: the median time from MQL to taken-and-contacted."""

from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.sla.policy import SlaPolicy


def watch_median(connection: Connection, *, policy: SlaPolicy, now: datetime, is_feed_late: bool) -> None:
    """Write the median's row in sla.breaches (lead 0, cycle 0): near its target, past it, or recovered.

    While the feed is late, a median that would newly be at risk or breached is held; nothing is taken back.
    """
    promise = policy.median
    found = connection.execute(
        load_sql("leadops.sla", "measure_median"),
        {"since": now - timedelta(days=promise.window_days), "now": now},
    ).fetchone()
    leads, minutes = (int(found[0]), found[1] or 0.0) if found else (0, 0.0)
    if minutes > promise.target_minutes and leads >= promise.min_leads:
        state = "breached"
    elif minutes >= promise.target_minutes * policy.warn_at.median_to_sal and leads >= promise.min_leads:
        state = "at_risk"
    else:
        state = "met"
    before = connection.execute(load_sql("leadops.sla", "select_median_row")).fetchone()
    was, since = before or ("met", now)
    if is_feed_late and state != was:
        state = "held" if was == "met" and state != "met" else was
    if was == "met" and state != "met":
        since = now
    connection.execute(
        load_sql("leadops.sla", "upsert_breach"),
        {
            "lead_id": 0,
            "cycle": 0,
            "clock": "median_to_sal",
            "state": state,
            "started_at": since,
            "due_at": since,
            "stopped_at": now if state == "met" and was != "met" else None,
            "business_minutes": minutes,
            "target_minutes": promise.target_minutes,
            "now": now,
            "evidence": Jsonb({"leads": leads, "window_days": promise.window_days}),
        },
    )
