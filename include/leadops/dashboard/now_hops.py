"""The lag of each hop on the page Now: event to points, points to the MA, form to the CRM, the CRM feed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from leadops.crm.checks import list_feed_ages
from leadops.db import Connection
from leadops.delivery.backlog_checks import ScoreBacklog
from leadops.incidents.alert_settings import AlertSettings
from leadops.queries import Queries

queries = Queries(__file__, topic="now")

#: What is counted row by row is counted up to this.
MAX_ROWS = 10_000

Status = Literal["good", "warn", "bad", "unknown"]
HopName = Literal["event_score", "score_ma", "form_crm", "crm_feed"]


@dataclass(frozen=True)
class HopLag:
    """One hop: how long the oldest has waited (None: nothing waits), and how long it usually takes.

    Spans are seconds; `limit` is that of the alert. `waiting` is None where nothing can be counted.
    """

    name: HopName
    status: Status
    age: float | None
    usual: float | None
    waiting: int | None
    limit: float


@dataclass(frozen=True)
class _HopRow:
    """What waits at a hop, since when, and how long it usually takes."""

    waiting: int
    oldest_at: datetime | None
    usual_seconds: float | None


def read_hops(
    connection: Connection,
    backlogs: Sequence[ScoreBacklog],
    *,
    now: datetime,
    since: datetime,
    alerts: AlertSettings,
) -> list[HopLag]:
    """Return the hops at `now`; what is usual is the median since `since`, `backlogs` is what waits."""
    scoring = queries.one(connection, "measure_scoring", _HopRow, since=since, max_rows=MAX_ROWS)
    forms = queries.one(connection, "measure_forms", _HopRow, since=since)
    usual = queries.value(connection, "measure_pushing", since=since)
    pushing = next((each for each in backlogs if each.target == "ma"), None)
    to_ma = _HopRow(pushing.deltas if pushing else 0, pushing.oldest_at if pushing else None, usual)
    hops = [
        _form_hop("event_score", scoring, limit=alerts.cdp_lag_minutes, now=now),
        _form_hop("score_ma", to_ma, limit=alerts.backlog_minutes, now=now),
        _form_hop("form_crm", forms, limit=alerts.outbox_minutes, now=now),
    ]
    for feed in list_feed_ages(connection):
        age = max(0.0, (now - feed.complete_until).total_seconds())
        limit = alerts.crm_feed_minutes * 60
        hops.append(HopLag("crm_feed", find_status(age, limit), age, None, None, limit))
    return hops


def _form_hop(name: HopName, row: _HopRow, *, limit: float, now: datetime) -> HopLag:
    age = max(0.0, (now - row.oldest_at).total_seconds()) if row.oldest_at else None
    return HopLag(name, find_status(age, limit * 60), age, row.usual_seconds, row.waiting, limit * 60)


def find_status(age: float | None, limit: float) -> Status:
    """Return the status of a wait of `age` seconds: from half the limit on it is worth a look."""
    if age is None or age <= limit / 2:
        return "good"
    return "warn" if age <= limit else "bad"
