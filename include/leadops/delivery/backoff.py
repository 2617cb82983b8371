"""How long a failed call, and the target behind it, are left alone."""

from datetime import datetime, timedelta

from leadops.clients.transport import Outcome, Refused, Throttled, Unreachable
from leadops.db import Connection
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.push_report import PushReport
from leadops.delivery.rate_limit import pause_target


def wait_after(
    connection: Connection,
    outcome: Outcome,
    *,
    target: str,
    attempts: int,
    settings: DeliverySettings,
    now: datetime,
) -> datetime:
    """Return when a call that ended in `outcome` may be made again; pause the target where it asks for it.

    A 429 is obeyed for the whole target. Refused credentials say nothing of the row, so nothing dies of them:
    the target rests, with the reason on record. Everything else backs off by the call's own attempts.
    """
    if isinstance(outcome, Throttled):
        until = now + timedelta(seconds=outcome.retry_after)
        pause_target(connection, target, until=until, reason=outcome.reason)
        return until
    if isinstance(outcome, Refused):
        until = now + timedelta(seconds=settings.credentials_pause_seconds)
        pause_target(
            connection, target, until=until, reason=f"our credentials are refused ({outcome.reason})"
        )
        return until
    return now + settings.backoff(attempts)


def failed_call(outcome: Outcome, problem: str, *, attempts: int) -> PushReport:
    """Return the report of a call without a final answer, which had been tried `attempts` times before.

    Only a call that fails the first time speaks against the target: one that failed before may be ill itself.
    """
    rests = isinstance(outcome, Throttled | Refused | Unreachable)
    return PushReport(calls=1, failed=1, failed_last=int(attempts == 0), rests=rests, problem=problem)
