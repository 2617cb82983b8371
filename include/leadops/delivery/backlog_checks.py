"""The checks on what waits: since when, and which target's day has no call left for it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from leadops.db import Connection
from leadops.delivery.account_guard import list_held
from leadops.delivery.database_mark import find_hold
from leadops.incidents.check import CheckInput
from leadops.incidents.finding import CheckFinding, fire
from leadops.mask import mask_text
from leadops.queries import Queries

queries = Queries(__file__, topic="checks")

AnyBacklog = TypeVar("AnyBacklog", bound="Backlog")

MINUTE = timedelta(minutes=1)
#: A connection is asked each minute; so long after the last time it counts as leading elsewhere.
ACCOUNT_COUNTS = timedelta(minutes=5)


@dataclass(frozen=True)
class Backlog:
    """What waits for one target, since when, and until when and why the target is paused; times in UTC."""

    target: str
    oldest_at: datetime
    paused_until: datetime | None
    pause_reason: str | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How much waits."""
        raise NotImplementedError


@dataclass(frozen=True)
class ScoreBacklog(Backlog):
    """Score changes that wait for one target."""

    deltas: int

    @property
    def counts(self) -> Mapping[str, int]:
        """How many score changes wait."""
        return {"deltas": self.deltas}


@dataclass(frozen=True)
class OutboxBacklog(Backlog):
    """Effects (a lead, a task, an owner) that wait for one target."""

    effects: int
    leads: int

    @property
    def counts(self) -> Mapping[str, int]:
        """How many effects wait, of how many leads."""
        return {"effects": self.effects, "leads": self.leads}


def list_score_backlogs(connection: Connection) -> list[ScoreBacklog]:
    """Return the targets that live score changes wait for."""
    return queries.all(connection, "measure_backlogs", ScoreBacklog)


def list_outbox_backlogs(connection: Connection) -> list[OutboxBacklog]:
    """Return the targets that live effects wait for."""
    return queries.all(connection, "measure_outbox", OutboxBacklog)


def check_backlogs(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets whose oldest live score change has waited longer than `backlog_minutes`.

    While everything is on hold, a target's quota is used up, or its connection leads to another account,
    everything waits: one incident is enough.
    """
    if find_hold(connection):
        return []
    backlogs = _drop_explained(connection, list_score_backlogs(connection), now=given.now)
    return _find_overdue("ma_backlog", backlogs, limit=given.settings.backlog_minutes, now=given.now)


def check_outbox(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets whose oldest live effect has waited longer than `outbox_minutes`.

    None in a hold, and none of a target of which another incident says why everything waits.
    """
    if find_hold(connection):
        return []
    backlogs = _drop_explained(connection, list_outbox_backlogs(connection), now=given.now)
    return _find_overdue("outbox_waiting", backlogs, limit=given.settings.outbox_minutes, now=given.now)


def _drop_explained(
    connection: Connection, backlogs: Sequence[AnyBacklog], *, now: datetime
) -> list[AnyBacklog]:
    """Return `backlogs` without those of targets of which another incident says why everything waits."""
    explained = {quota.target for quota in queries.all(connection, "list_used_up", UsedUpQuota, now=now)}
    explained |= {record.target for record in list_held(connection, since=now - ACCOUNT_COUNTS)}
    return [backlog for backlog in backlogs if backlog.target not in explained]


def _find_overdue(
    kind: str, backlogs: Sequence[Backlog], *, limit: float, now: datetime
) -> list[CheckFinding]:
    """Return a finding for each backlog that is older than `limit` minutes."""
    findings = []
    for backlog in backlogs:
        minutes = round((now - backlog.oldest_at) / MINUTE, 1)
        if minutes <= limit:
            continue
        facts = {
            "target": backlog.target,
            "minutes": minutes,
            "worst": minutes,
            "oldest_at": backlog.oldest_at.isoformat(),
            **backlog.counts,
        }
        if backlog.paused_until and backlog.paused_until > now:
            pause_reason = mask_text(backlog.pause_reason or "")
            facts |= {"paused_until": backlog.paused_until.isoformat(), "pause_reason": pause_reason}
        findings.append(fire(kind, facts, since=now))
    return findings


@dataclass(frozen=True)
class UsedUpQuota:
    """A target that gets no call before `ends_at` (UTC), and our calls of the last 24 hours."""

    target: str
    ends_at: datetime
    calls: int


def check_quotas(connection: Connection, given: CheckInput) -> list[CheckFinding]:
    """Find the targets whose day has no call left for the live work that waits."""
    used_up = queries.all(connection, "list_used_up", UsedUpQuota, now=given.now)
    if not used_up:
        return []
    waiting = {
        *(backlog.target for backlog in list_score_backlogs(connection)),
        *(backlog.target for backlog in list_outbox_backlogs(connection)),
    }
    return [
        fire("quota_used_up", asdict(quota) | {"ends_at": quota.ends_at.isoformat()}, since=given.now)
        for quota in used_up
        if quota.target in waiting
    ]
