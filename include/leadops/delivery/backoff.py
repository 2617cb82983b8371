"""Decides how long a failed call, and its target, wait."""

from datetime import datetime, timedelta

from leadops.clients.call_outcomes import Outcome, Postponed, Refused, Throttled, Unknown, Unreachable
from leadops.db import Connection
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.rate_limit import pause_target


def schedule_retry(
    connection: Connection,
    outcome: Outcome,
    *,
    target: str,
    attempts: int,
    settings: DeliverySettings,
    now: datetime,
) -> datetime:
    """Return when a call that ended in `outcome` is due again; pause the target where the outcome demands it.

    A 429 pauses the whole target, as does a 503 that says for how long. Refused credentials (401, 403), and
    a field that is missing there, concern us, not the row, so nothing becomes a dead letter: the target
    pauses, with the reason on record.
    Everything else backs off by the call's own attempts, or for as long as the answer asks if that is longer.
    Runs in the caller's transaction.
    """
    if isinstance(outcome, Refused):
        until = now + timedelta(seconds=settings.credentials_pause_seconds)
        refusal = f"the target refuses our credentials ({outcome.reason})"
        reason = outcome.reason if outcome.is_setup else refusal
        pause_target(connection, target, until=until, reason=reason)
        return until
    stated = outcome.retry_after if isinstance(outcome, Throttled | Postponed | Unknown) else None
    until = now + max(settings.backoff(attempts), timedelta(seconds=stated or 0))
    if isinstance(outcome, Throttled) or (isinstance(outcome, Unknown) and outcome.pauses_target):
        pause_target(connection, target, until=until, reason=outcome.reason)
    return until


def report_failed_call(outcome: Outcome, problem: str, *, attempts: int) -> PushReport:
    """Return the report of a call without a final answer; `attempts` counts the earlier tries.

    Only a call that fails at its first try counts against the target: one that failed before may fail because
    of its own content.
    """
    is_paused = isinstance(outcome, Throttled | Refused | Unreachable) or (
        isinstance(outcome, Unknown) and outcome.pauses_target
    )
    return PushReport(calls=1, failed=1, failed_last=int(attempts == 0), is_paused=is_paused, problem=problem)
