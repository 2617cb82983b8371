"""Counts of a push, and how long a call that failed, and its target, wait."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from leadops.clients.call_outcomes import Outcome, Postponed, Refused, Throttled, Unknown, Unreachable
from leadops.db import Connection
from leadops.delivery.delivery_settings import DeliverySettings
from leadops.delivery.rate_limit import pause_target

#: This many new calls in a row without an answer mean that the target is down, not that one call is at fault.
FAILURES_IN_A_ROW = 3


@dataclass(frozen=True)
class PushReport:
    """Counts of one call, one round or a whole push; `problem` is the last reason to wait."""

    calls: int = 0  # HTTP calls made
    effects: int = 0  # outbox effects done
    deltas: int = 0  # score changes that the MA has applied
    dead: int = 0  # deltas or effects that became dead letters
    failed: int = 0  # calls without a final answer, to be made again
    failed_last: int = 0  # new calls among them at the end, with no success in between
    is_paused: bool = False  # the target cannot be reached, or asked for a pause
    problem: str = ""

    def __add__(self, other: "PushReport") -> "PushReport":
        only_failures = other.calls == other.failed
        return PushReport(
            calls=self.calls + other.calls,
            effects=self.effects + other.effects,
            deltas=self.deltas + other.deltas,
            dead=self.dead + other.dead,
            failed=self.failed + other.failed,
            failed_last=other.failed_last + (self.failed_last if only_failures else 0),
            is_paused=self.is_paused or other.is_paused,
            problem=other.problem or self.problem,
        )

    @property
    def has_progress(self) -> bool:
        """Whether anything was done, or tried."""
        return bool(self.calls or self.dead or self.effects)

    @property
    def is_down(self) -> bool:
        """Whether further calls now would only fail."""
        return self.is_paused or self.failed_last >= FAILURES_IN_A_ROW


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
