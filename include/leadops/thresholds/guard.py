"""Watches a change and takes it back when leads wait longer, or become SQL less often, than they were to."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isinf
from statistics import NormalDist
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.thresholds.propose import THRESHOLDS_LOCK
from leadops.thresholds.rules import Rules, end_of, is_last_day
from leadops.thresholds.threshold_settings import GuardSettings


@dataclass(frozen=True)
class Period:
    """MQLs before or after a change."""

    leads: int  # old enough to be judged
    sqls: int  # of them, within `lead_days`
    waited: int  # MQLs of which it is known how long they waited, or that they wait too long already
    wait_minutes: float | None  # their median; infinite: most of them wait still


@dataclass(frozen=True)
class Guarded:
    """What the guard found after a day."""

    watches: date | None  # the day of the change that is watched; None: there is none
    reason: str | None  # why it was taken back; None: it was not


def guard(connection: Connection, *, day: date, rules: Rules, now: datetime) -> Guarded:
    """Take the newest change back where it proved bad, as known when the local `day` was over.

    It is bad when the same indicator was worse at the end of each of the last `days_in_a_row` days: one bad
    day does not turn it, and after it was taken back changes wait for a human for `rest_days`. What held
    before it holds again from `now` on, recorded as the row of `day`. A day that has been decided stays as
    it is, and only the last whole day counts. Commits.
    """
    settings = rules.thresholds.guard
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [THRESHOLDS_LOCK])
        until = end_of(day, rules.company)
        values = {
            "until": until,
            "since": until - timedelta(days=settings.days),
            "day": day,
            "version": rules.kpi.active_version(now).version,
        }
        change = connection.execute(load_sql("leadops.thresholds", "find_change"), values).fetchone()
        if change is None or not is_last_day(day, now=now, company=rules.company):
            return Guarded(None, None)
        changed_on, changed_at, facts, is_decided = change
        reason = None if is_decided else _judge(connection, day, changed_at, facts, rules=rules)
        if reason:
            row = {
                "day": day,
                "changed_on": changed_on,
                "now": now,
                "reason": f"the change of {changed_on} is taken back: {reason}",
                "facts": Jsonb({"watched": str(changed_on)}),
            }
            connection.execute(load_sql("leadops.thresholds", "take_back"), row)
    return Guarded(changed_on, reason)


def _judge(
    connection: Connection, day: date, changed_at: datetime, facts: dict[str, Any], *, rules: Rules
) -> str | None:
    """Return in words what was worse on each of the last days; None where nothing was."""
    settings = rules.thresholds.guard
    found: list[dict[str, str]] = []
    for number in range(settings.days_in_a_row):
        until = end_of(day - timedelta(days=number), rules.company)
        if until <= changed_at:
            return None
        values = {
            "until": until,
            "changed_at": changed_at,
            "before": changed_at - timedelta(days=settings.days),
            "lead_days": settings.lead_days,
        }
        before, after = (
            Period(
                *connection.execute(load_sql("leadops.thresholds", "measure_period"), span).fetchone() or ()
            )
            for span in (
                values | {"starts": values["before"], "ends": changed_at},
                values | {"starts": changed_at, "ends": until},
            )
        )
        found.append(compare(before, after, facts, settings))
    return next((words for name, words in found[0].items() if all(name in each for each in found)), None)


def compare(before: Period, after: Period, facts: dict[str, Any], settings: GuardSettings) -> dict[str, str]:
    """Return what is worse after a change than before it, in words by indicator (`queue`, `sqls`).

    The rate of SQLs is held against what the change was to bring: the rate before it times the factor that
    was expected (`facts` of the change; a lower threshold lets in leads that become SQL less often). A
    one-sided test of two proportions, with the noise of both.
    """
    worse: dict[str, str] = {}
    target = facts["then"]["sla_minutes"]
    if min(before.waited, after.waited) >= settings.least_leads:
        was, waits = before.wait_minutes or 0.0, after.wait_minutes or 0.0
        if waits > max(was * settings.queue_times, target):
            worse["queue"] = f"the median wait is {_say(waits)}, it was {_say(was)}"
    if min(before.leads, after.leads) >= settings.least_leads:
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
