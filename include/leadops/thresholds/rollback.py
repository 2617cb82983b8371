"""Watches a change of the threshold and reverts it if leads wait longer, or convert less, than expected."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isinf
from statistics import NormalDist
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import ONE_DAY, last_whole_day
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.thresholds.threshold_context import ThresholdContext, end_of, is_last_day
from leadops.thresholds.threshold_settings import RollbackSettings

queries = Queries(__file__)

#: Changes of any age.
NO_LIMIT = datetime.min.replace(tzinfo=UTC)


class ThresholdChange(NamedTuple):
    """The newest change, and whether the day at hand is decided already."""

    day: date
    effective_at: datetime
    facts: dict[str, Any]
    is_decided: bool


@dataclass(frozen=True)
class MqlPeriod:
    """MQLs before or after a change."""

    leads: int  # old enough to count as SQL or not
    sqls: int  # of them, within `lead_days`
    waited: int  # MQLs of which it is known how long they waited, or that they wait too long already
    wait_minutes: float | None  # their median; infinite: most of them wait still


@dataclass(frozen=True)
class RollbackVerdict:
    """What the rollback check found after a day."""

    watches: date | None  # the day of the change that is watched; None: there is none
    reason: str | None  # why it was reverted; None: it was not


def evaluate_rollback(
    connection: Connection, *, day: date, context: ThresholdContext, now: datetime
) -> RollbackVerdict:
    """Revert the newest change if it proved bad, as known when the local `day` was over.

    It is bad if the same indicator was worse at the end of each of the last `days_in_a_row` days: one bad day
    does not revert it, and after a rollback changes wait for a human for `rest_days`. What was active before
    is active again from `now` on, recorded as the row of `day`. A decided day stays as it is, and only the
    last whole day counts. Commits.
    """
    settings = context.thresholds.rollback
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        until = end_of(day, context.company)
        change = queries.first(
            connection,
            "find_change",
            ThresholdChange,
            until=until,
            since=until - timedelta(days=settings.days),
            day=day,
            version=context.kpi.active_version(now).version,
        )
        if change is None or not is_last_day(day, now=now, company=context.company):
            return RollbackVerdict(None, None)
        reason = None if change.is_decided else _find_lasting_harm(connection, day, change, context=context)
        if reason:
            revert_change(connection, day=day, changed_on=change.day, reason=reason, now=now)
    return RollbackVerdict(change.day, reason)


def revert_change(connection: Connection, *, day: date, changed_on: date, reason: str, now: datetime) -> bool:
    """Make what was active before the change of `changed_on` active again, as the row of `day`.

    Returns False if `day` has been decided already. In the caller's transaction, under Lock.THRESHOLDS.
    """
    reverted = queries.run(
        connection,
        "revert_change",
        day=day,
        changed_on=changed_on,
        now=now,
        reason=f"the change of {changed_on} was rolled back: {reason}",
        facts=Jsonb({"watched": str(changed_on)}),
    )
    return reverted == 1


def revert_last_change(
    connection: Connection, *, context: ThresholdContext, reason: str, by: str, now: datetime
) -> date:
    """Make what was active before the newest change active again from `now` on; return the day of the change.

    A human's decision, recorded with its `reason` and who made it as the row of the last whole day, or, if
    that is decided already, of the day at hand. Commits. Raises PermanentError if the newest decision is not
    a change under the active version of kpi.yaml, or if both days are decided.
    """
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        yesterday = last_whole_day(now, context.company.zone)
        change = queries.first(
            connection,
            "find_change",
            ThresholdChange,
            until=now,
            since=NO_LIMIT,
            day=yesterday,
            version=context.kpi.active_version(now).version,
        )
        if change is None:
            raise PermanentError("no change of the threshold is active; see leadops thresholds show")
        reason = f"{reason} (by {by})"
        for day in (yesterday, yesterday + ONE_DAY):
            if revert_change(connection, day=day, changed_on=change.day, reason=reason, now=now):
                return change.day
    raise PermanentError(f"{yesterday} and the day after it are decided already; try again tomorrow")


def _find_lasting_harm(
    connection: Connection, day: date, change: ThresholdChange, *, context: ThresholdContext
) -> str | None:
    """Return in words what was worse on each of the last days, or None if nothing was."""
    settings = context.thresholds.rollback
    harms: list[dict[str, str]] = []
    for number in range(settings.days_in_a_row):
        until = end_of(day - timedelta(days=number), context.company)
        if until <= change.effective_at:
            return None
        before, after = (
            queries.one(
                connection,
                "measure_period",
                MqlPeriod,
                starts=starts,
                ends=ends,
                until=until,
                lead_days=settings.lead_days,
            )
            for starts, ends in (
                (change.effective_at - timedelta(days=settings.days), change.effective_at),
                (change.effective_at, until),
            )
        )
        harms.append(compare_periods(before, after, change.facts, settings))
    return next((words for name, words in harms[0].items() if all(name in harm for harm in harms)), None)


def compare_periods(
    before: MqlPeriod, after: MqlPeriod, facts: dict[str, Any], settings: RollbackSettings
) -> dict[str, str]:
    """Return what is worse after a change than before it, in words by indicator (`queue`, `sqls`).

    The rate of SQLs is held against what the change was to bring: the rate before it times the factor that
    was expected (`facts` of the change; a lower threshold lets in leads that become SQL less often). A
    one-sided test of two proportions, with the noise of both.
    """
    worse: dict[str, str] = {}
    target = facts["then"]["sla_minutes"]
    if min(before.waited, after.waited) >= settings.min_leads:
        was, waits = before.wait_minutes or 0.0, after.wait_minutes or 0.0
        if waits > max(was * settings.queue_times, target):
            worse["queue"] = f"the median wait is {_say(waits)}, it was {_say(was)}"
    if min(before.leads, after.leads) >= settings.min_leads:
        factor = _rate(facts["then"]) / _rate(facts["now"]) if _rate(facts["now"]) else 1.0
        was_rate, rate = before.sqls / before.leads, after.sqls / after.leads
        expected = min(was_rate * factor, 1.0)
        noise = (
            was_rate * (1 - was_rate) * factor**2 / before.leads + expected * (1 - expected) / after.leads
        ) ** 0.5
        if rate < expected - NormalDist().inv_cdf(settings.confidence) * noise:
            worse["sqls"] = f"{rate:.1%} of the MQLs became SQL, {expected:.1%} was expected"
    return worse


def _say(minutes: float) -> str:
    return "without an end" if isinf(minutes) else f"{minutes:.0f} min"


def _rate(forecast: dict[str, float]) -> float:
    return forecast["sqls"] / forecast["leads"] if forecast["leads"] else 0.0
