"""Watches changes of the threshold and reverts them if leads wait longer, or convert less, than expected."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from psycopg.types.json import Jsonb

from leadops.calendar.local_days import ONE_DAY, last_whole_day
from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.thresholds.active_threshold import DecidedThreshold, complete_threshold
from leadops.thresholds.blame import MqlPeriod, ThresholdHarm, choose_reverted, find_harms
from leadops.thresholds.threshold_context import ThresholdContext, end_of, is_last_day
from leadops.thresholds.watched_changes import (
    Interval,
    ThresholdDecision,
    find_watched_span,
    list_decisions,
    list_standing_changes,
)

queries = Queries(__file__)

PeriodList = tuple[tuple[Interval, ...], ...]


@dataclass(frozen=True)
class RollbackVerdict:
    """What the rollback check found after a day."""

    watches: date | None  # the day of the newest change that is watched; None: there is none
    reason: str | None  # why changes were reverted; None: none was
    reverted: tuple[date, ...] = ()  # the days of the reverted changes, the oldest first


def evaluate_rollback(
    connection: Connection, *, day: date, context: ThresholdContext, now: datetime
) -> RollbackVerdict:
    """Revert the changes that proved bad, as known when the local `day` was over.

    Every change is watched for `days`, whatever follows it. It is bad if the same indicator was worse at
    the end of each of the last `days_in_a_row` days: one bad day does not revert it, and after a rollback
    changes wait for a human for `rest_days`. What was active before is active again from `now` on, recorded
    as the row of `day`. A decided day stays as it is, and only the last whole day counts. Commits.
    """
    until = end_of(day, context.company)
    version = context.kpi.active_version(now).version
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        decisions = list_decisions(connection, version=version, until=now)
        known = [decision for decision in decisions if decision.effective_at < until]
        span = find_watched_span(known, until=until, days=context.thresholds.rollback.days)
        if span is None or not is_last_day(day, now=now, company=context.company):
            return RollbackVerdict(None, None)
        watches = span.changes[-1].day
        if any(decision.day == day for decision in decisions):
            return RollbackVerdict(watches, None)
        harms = _find_lasting_harms(connection, decisions, day=day, context=context, version=version)
        changes = choose_reverted(span.changes, list(harms))
        if not changes or not _is_different(decisions, changes):
            return RollbackVerdict(watches, None)
        shown = {harm: words for harm, words in harms.items() if not harm.is_span} or harms
        reason = next(iter(shown.values()))
        _write_rollback(connection, decisions, changes, day=day, reason=reason, context=context, now=now)
    return RollbackVerdict(watches, reason, tuple(change.day for change in changes))


def revert_last_change(
    connection: Connection, *, context: ThresholdContext, reason: str, by: str, now: datetime
) -> date:
    """Make what was active before the newest change active again from `now` on; return the day of the change.

    A human's decision, recorded with its `reason` and who made it as the row of the last whole day, or, if
    that is decided already, of the day at hand. Changes before it stay watched. Commits. Raises
    PermanentError if the newest decision is not a change under the active version of kpi.yaml, or if both
    days are decided.
    """
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        version = context.kpi.active_version(now).version
        decisions = list_decisions(connection, version=version, until=now)
        if not list_standing_changes(decisions):
            raise PermanentError("no change of the threshold is active; see leadops thresholds show")
        change = decisions[-1]
        if change.decided_by == "reverted":
            raise PermanentError(
                f"the last decision, of {change.day}, already took a change back; see leadops thresholds show"
            )
        yesterday = last_whole_day(now, context.company.zone)
        reason = f"{reason} (by {by})"
        for day in (yesterday, yesterday + ONE_DAY):
            if _write_rollback(
                connection, decisions, [change], day=day, reason=reason, context=context, now=now
            ):
                return change.day
    raise PermanentError(f"{yesterday} and the day after it are decided already; try again tomorrow")


def _find_lasting_harms(
    connection: Connection,
    decisions: Sequence[ThresholdDecision],
    *,
    day: date,
    context: ThresholdContext,
    version: str,
) -> dict[ThresholdHarm, str]:
    """Return in words what is worse at the end of `day`, where it was at the end of each of the last days."""
    settings = context.thresholds.rollback
    nights: list[dict[ThresholdHarm, str]] = []
    for number in range(settings.days_in_a_row):
        until = end_of(day - timedelta(days=number), context.company)
        known = [decision for decision in decisions if decision.effective_at < until]
        span = find_watched_span(known, until=until, days=settings.days)
        if span is None:
            return {}
        periods = span.periods

        @cache
        def measure(low: int, high: int, until: datetime = until, periods: PeriodList = periods) -> MqlPeriod:
            intervals = [interval for period in periods[low : high + 1] for interval in period]
            return queries.one(
                connection,
                "measure_period",
                MqlPeriod,
                starts=[interval.starts for interval in intervals],
                ends=[interval.ends for interval in intervals],
                version=version,
                until=until,
                lead_days=settings.lead_days,
            )

        nights.append(find_harms(span.changes, measure, settings))
    return {harm: words for harm, words in nights[0].items() if all(harm in night for night in nights)}


def _restore(
    decisions: Sequence[ThresholdDecision], changes: Sequence[ThresholdDecision]
) -> DecidedThreshold:
    """Return what is decided once `changes` are taken back from what the last of `decisions` set."""
    decided = DecidedThreshold(decisions[-1].value, decisions[-1].sla_minutes)
    for change in reversed(changes):
        decided = decided._replace(**change.changed_values())
    return decided


def _is_different(decisions: Sequence[ThresholdDecision], changes: Sequence[ThresholdDecision]) -> bool:
    """Say whether taking `changes` back changes anything: a human may have undone them by another change."""
    return _restore(decisions, changes) != (decisions[-1].value, decisions[-1].sla_minutes)


def _write_rollback(
    connection: Connection,
    decisions: Sequence[ThresholdDecision],
    changes: Sequence[ThresholdDecision],
    *,
    day: date,
    reason: str,
    context: ThresholdContext,
    now: datetime,
) -> bool:
    """Take `changes` back as the row of `day`; return False if `day` has been decided already."""
    version = context.kpi.active_version(now)
    was = complete_threshold(
        DecidedThreshold(decisions[-1].value, decisions[-1].sla_minutes), version, context.sla
    )
    decided = _restore(decisions, changes)
    restored = complete_threshold(decided, version, context.sla)
    days = [str(change.day) for change in changes]
    title = f"change of {days[0]} was" if len(days) == 1 else f"changes of {', '.join(days)} were"
    written = queries.run(
        connection,
        "write_rollback",
        day=day,
        kpi_version=version.version,
        value=decided.value,
        sla_minutes=decided.sla_minutes,
        now=now,
        reason=f"the {title} rolled back: {reason}",
        facts=Jsonb(
            {
                "reverted": days,
                "was": was.threshold,
                "now": restored.threshold,
                "was_minutes": was.target,
                "now_minutes": restored.target,
            }
        ),
        hash=changes[-1].hash,
    )
    return written == 1
