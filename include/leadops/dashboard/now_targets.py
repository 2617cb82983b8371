"""The systems that leadops calls, on the page Now: what waits for each, its calls, and what it refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.dashboard.now_hops import Status, find_status
from leadops.db import Connection
from leadops.delivery.backlog_checks import ScoreBacklog, list_outbox_backlogs
from leadops.incidents.alert_settings import AlertSettings
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__, topic="now")

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class TargetState:
    """A system that leadops calls: what waits for it, its calls, and what it refused; times in UTC."""

    target: str
    status: Status
    deltas: int
    effects: int
    oldest_at: datetime | None
    hour_calls: int
    day_calls: int
    refused: int
    reason: str
    dead_letters: int
    paused_until: datetime | None
    pause_reason: str


@dataclass(frozen=True)
class _TargetRow:
    """A target with its calls and refusals."""

    target: str
    paused_until: datetime | None
    pause_reason: str | None
    hour_calls: int
    day_calls: int
    refused: int
    reason: str | None
    dead_letters: int


def read_targets(
    connection: Connection, backlogs: Sequence[ScoreBacklog], *, now: datetime, alerts: AlertSettings
) -> list[TargetState]:
    """Return the state of each system at `now` (UTC); `backlogs` are the score changes that wait."""
    scores = {backlog.target: backlog for backlog in backlogs}
    effects = {backlog.target: backlog for backlog in list_outbox_backlogs(connection)}
    rows = queries.all(connection, "count_calls", _TargetRow, day_ago=now - DAY, hour_ago=now - HOUR)
    known = {row.target: row for row in rows}
    states = []
    for target in sorted({*known, *scores, *effects}):
        row = known.get(target) or _TargetRow(target, None, None, 0, 0, 0, None, 0)
        score, effect = scores.get(target), effects.get(target)
        ages = [
            find_status((now - backlog.oldest_at).total_seconds(), limit * 60)
            for backlog, limit in ((score, alerts.backlog_minutes), (effect, alerts.outbox_minutes))
            if backlog
        ]
        is_paused = row.paused_until is not None and row.paused_until > now
        oldest = [backlog.oldest_at for backlog in (score, effect) if backlog]
        states.append(
            TargetState(
                target=target,
                status=_find_worst([*ages, "warn" if is_paused or row.dead_letters else "good"]),
                deltas=score.deltas if score else 0,
                effects=effect.effects if effect else 0,
                oldest_at=min(oldest) if oldest else None,
                hour_calls=row.hour_calls,
                day_calls=row.day_calls,
                refused=row.refused,
                reason=mask_text(row.reason or ""),
                dead_letters=row.dead_letters,
                paused_until=row.paused_until if is_paused else None,
                pause_reason=mask_text(row.pause_reason or "") if is_paused else "",
            )
        )
    return states


def _find_worst(statuses: list[Status]) -> Status:
    order: tuple[Status, ...] = ("bad", "warn", "good")
    return next(status for status in order if status in statuses)
