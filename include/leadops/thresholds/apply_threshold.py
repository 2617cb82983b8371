"""From a proposal to a change: a human's answer, and the change itself, applied once."""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.locks import Lock, hold_lock
from leadops.queries import Queries
from leadops.thresholds.active_threshold import read_active_threshold
from leadops.thresholds.threshold_context import ThresholdContext, is_last_day
from leadops.thresholds.watched_changes import describe_watch

queries = Queries(__file__)

ApprovalAnswer = Literal["approved", "rejected", "unanswered"]


class ThresholdRow(NamedTuple):
    """A row of lifecycle.thresholds."""

    day: date
    kpi_version: str
    value: int | None
    sla_minutes: float | None
    effective_at: datetime | None
    decided_by: str
    reason: str
    plan: str
    proposed_value: int | None
    proposed_sla_minutes: float | None
    answer: str | None
    facts: dict[str, Any]
    hash: str


def read_threshold(connection: Connection, day: date) -> ThresholdRow:
    """Return the row of `day`; raise PermanentError if nothing was proposed."""
    row = queries.first(connection, "list_thresholds", ThresholdRow, day=day, max_days=1)
    if row is None:
        raise PermanentError(f"nothing was proposed for {day}; run leadops thresholds propose --day {day}")
    return row


def list_thresholds(connection: Connection, *, max_days: int) -> list[ThresholdRow]:
    """Return the rows of the newest `max_days` days, the newest first."""
    return queries.all(connection, "list_thresholds", ThresholdRow, day=None, max_days=max_days)


def ask_human(connection: Connection, *, day: date, now: datetime, run_id: str | None = None) -> bool:
    """Record that the proposal of `day` waits for a human; return whether it has to.

    The incident threshold_waits announces it, with a link to the run `run_id`. Idempotent.
    """
    return queries.run(connection, "ask_human", day=day, now=now, run_id=run_id) == 1


def record_answer(connection: Connection, *, day: date, answer: ApprovalAnswer) -> bool:
    """Record a human's answer to the proposal of `day`; return whether one was pending.

    Only `approved` lets the proposal be applied. The proposal of a later day that repeats a pair a human was
    asked about can be answered as well.
    """
    return queries.run(connection, "record_answer", day=day, answer=answer) == 1


def apply_threshold(
    connection: Connection, *, day: date, context: ThresholdContext, now: datetime
) -> ThresholdRow:
    """Activate the proposal of `day` from `now` on, if it is due; return its row afterwards.

    It is due if its plan says so and no change is watched, or if a human approved it, and if nothing else was
    activated since it was made. Only the last whole day counts: older days are computed again for the record
    alone. Idempotent. Commits. Raises PermanentError if nothing was proposed.
    """
    with connection.transaction():
        hold_lock(connection, Lock.THRESHOLDS)
        row = read_threshold(connection, day)
        is_due = row.plan == "apply" or (row.plan == "ask" and row.answer == "approved")
        if row.effective_at is not None or not is_due:
            return row
        stale = _find_why_stale(connection, row, context=context, now=now)
        if stale:
            queries.run(connection, "keep_stale", day=day, stale=stale)
        else:
            decided_by = "approved" if row.plan == "ask" else "automatic"
            queries.run(connection, "apply_proposal", day=day, now=now, decided_by=decided_by)
        return read_threshold(connection, day)


def _find_why_stale(
    connection: Connection, row: ThresholdRow, *, context: ThresholdContext, now: datetime
) -> str | None:
    if not is_last_day(row.day, now=now, company=context.company):
        return f"{row.day} is not the last whole day"
    active = read_active_threshold(connection, contract=context.kpi, policy=context.sla, at=now)
    proposed_from = (row.kpi_version, row.value, row.sla_minutes)
    if (active.kpi_version, active.value, active.sla_minutes) != proposed_from:
        return "another change was activated since"
    if row.plan == "apply":
        # A human's approval may follow while a change is watched, a step by itself may not.
        return describe_watch(connection, version=row.kpi_version, at=now, context=context)
    return None
