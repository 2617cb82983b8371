"""From a proposal to a change: a human's answer, and putting it into force, once."""

from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from leadops.db import Connection, load_sql
from leadops.errors import PermanentError
from leadops.thresholds.in_force import read_in_force
from leadops.thresholds.propose import THRESHOLDS_LOCK
from leadops.thresholds.rules import Rules, is_last_day

Answer = Literal["approved", "rejected", "unanswered"]


class Row(NamedTuple):
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


def read_row(connection: Connection, day: date) -> Row:
    """Return the row of `day`; raise PermanentError where nothing was proposed."""
    row = connection.execute(load_sql("leadops.thresholds", "read_row"), {"day": day}).fetchone()
    if row is None:
        raise PermanentError(f"nothing was proposed for {day}; run leadops thresholds propose --day {day}")
    return Row(*row)


def ask(connection: Connection, *, day: date, now: datetime, run_id: str | None = None) -> bool:
    """Note that a human is asked about the proposal of `day`; say whether one has to be.

    The incident threshold_waits tells it, with a link to the run `run_id`. Asked again, it stays as it was.
    """
    found = connection.execute(
        load_sql("leadops.thresholds", "ask_human"), {"day": day, "now": now, "run_id": run_id}
    )
    return found.rowcount == 1


def note_answer(connection: Connection, *, day: date, answer: Answer) -> None:
    """Note what a human said to the proposal of `day`; only `approved` lets it be applied."""
    connection.execute(
        "update lifecycle.thresholds set waits_since = null, answer = %s"
        " where day = %s and plan = 'ask' and effective_at is null",
        [answer, day],
    )


def apply(connection: Connection, *, day: date, rules: Rules, now: datetime) -> Row:
    """Put the proposal of `day` into force from `now` on, if it is to be; return the row as it is then.

    It is where it was planned so, or was asked and approved, and nothing has come into force since it was
    worked out. Only the last whole day counts: an older day is worked out again for the record alone. A
    second call changes nothing. Commits. Raises PermanentError where nothing was proposed.
    """
    with connection.transaction():
        connection.execute("select pg_advisory_xact_lock(%s)", [THRESHOLDS_LOCK])
        row = read_row(connection, day)
        wanted = row.plan == "apply" or (row.plan == "ask" and row.answer == "approved")
        if row.effective_at is not None or not wanted:
            return row
        held = read_in_force(connection, contract=rules.kpi, policy=rules.sla, at=now)
        if not is_last_day(day, now=now, company=rules.company):
            stale: str | None = f"{day} is not the last whole day"
        elif (held.kpi_version, held.value, held.sla_minutes) != (
            row.kpi_version,
            row.value,
            row.sla_minutes,
        ):
            stale = "something else has come into force since"
        else:
            stale = None
        values = {
            "day": day,
            "now": now,
            "stale": stale,
            "decided_by": "approved" if row.plan == "ask" else "automatic",
        }
        connection.execute(
            load_sql("leadops.thresholds", "keep_stale" if stale else "apply_proposal"), values
        )
        return read_row(connection, day)
