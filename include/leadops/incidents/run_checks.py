"""Runs every check and brings the incidents on record up to date: opens, updates, escalates, resolves.

A check that raises neither stops nor silences another one: it becomes the incident `check_failed`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import psycopg
from psycopg.types.json import Jsonb

from leadops.db import STATEMENT_TIMEOUT, Connection
from leadops.db_errors import explain_database_error
from leadops.errors import LeadopsError
from leadops.incidents.alert_settings import AlertSettings
from leadops.incidents.check import CdpReading, Check, CheckInput, HolidayCalendar
from leadops.incidents.finding import CheckFinding, IncidentKey, fire, resolve_missing
from leadops.incidents.kinds import CHECK_FAILED, KINDS
from leadops.locks import Lock, hold_lock
from leadops.mask import mask_text
from leadops.queries import Queries

log = logging.getLogger(__name__)
queries = Queries(__file__, topic="incident")

PACKAGE = Path(__file__).parents[1]
#: A statement of a check that takes longer (a lock, a lost index) is cancelled, so that no other check waits.
CHECK_TIMEOUT = "20s"


@dataclass(frozen=True)
class CheckResult:
    """How many incidents one round opened, resolved and escalated, how many are open, which checks failed."""

    opened: int
    resolved: int
    escalated: int
    open: int
    failed: tuple[str, ...] = ()


def run_checks(
    connection: Connection,
    checks: Sequence[Check],
    *,
    settings: AlertSettings,
    calendar: HolidayCalendar,
    now: datetime,
    cdp: CdpReading | None = None,
    are_all: bool = True,
) -> CheckResult:
    """Run each of `checks` and bring incidents.incidents up to date; commits.

    Each check runs, and its findings are recorded, in a savepoint of its own. Where one raises, the incidents
    of its kinds stay as they are, neither cleared nor resolved. Without `cdp` the CDP's incidents stay as
    they are. Without `are_all`, other checks exist, and what is on record about their failures stays. May run
    in several processes at once. Raises only if the database itself is gone.
    """
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        given = CheckInput(settings=settings, now=now, calendar=calendar, cdp=cdp)
        queries.run(connection, "limit_statements", duration=CHECK_TIMEOUT)
        opened, failures = 0, list[CheckFinding]()
        for check in checks:
            try:
                with connection.transaction():
                    opened += _record(connection, _run(connection, check, given), now)
            except Exception as error:
                if connection.closed:
                    raise
                failures.append(_form_failure(check, error, now))
        queries.run(connection, "limit_statements", duration=STATEMENT_TIMEOUT)
        names = {check.name for check in checks}
        open_failures = {
            key for key in _list_open(connection, [CHECK_FAILED]) if are_all or key.subject in names
        }
        recovered = resolve_missing(open_failures, findings=failures, now=now)
        opened += _record(connection, [*failures, *recovered], now)
        failed = {finding.subject for finding in failures}
        resolved = queries.run(
            connection,
            "resolve_incidents",
            cleared_before=now - timedelta(minutes=settings.clear_after_minutes),
            at_once=[kind.name for kind in KINDS.values() if kind.resolves_at_once],
            unknown=[kind for check in checks if check.name in failed for kind in check.kinds],
        )
        escalated = _escalate(connection, settings, now)
        left = queries.value(connection, "count_open")
    return CheckResult(opened, resolved, escalated, left, tuple(sorted(failed)))


def _run(connection: Connection, check: Check, given: CheckInput) -> list[CheckFinding]:
    """Return what `check` finds, and what is ok again; raise ValueError for an undeclared kind."""
    if check.reads_open:
        given = replace(given, open_now=_list_open(connection, check.kinds))
    findings = check.run(connection, given)
    if undeclared := {finding.kind for finding in findings} - set(check.kinds):
        raise ValueError(f"undeclared kinds: {', '.join(sorted(undeclared))}")
    if not check.resolves_missing:
        return findings
    return findings + resolve_missing(given.open_now, findings=findings, now=given.now)


def _list_open(connection: Connection, kinds: Sequence[str]) -> frozenset[IncidentKey]:
    return frozenset(queries.all(connection, "list_open_keys", IncidentKey, kinds=list(kinds)))


def _form_failure(check: Check, error: Exception, now: datetime) -> CheckFinding:
    """Return the finding check_failed; of a foreign exception only its class, as its words may quote data."""
    trace = error.__traceback__
    if isinstance(error, psycopg.Error):
        error = explain_database_error(error)
    reason = mask_text(error) if isinstance(error, LeadopsError) else type(error).__name__
    place = _find_place(trace)
    log.error("the check %s failed: %s", check.name, reason)
    facts = {"check": check.name, "error": reason, "place": place, "kinds": list(check.kinds)}
    return fire(CHECK_FAILED, facts, since=now)


def _find_place(trace: TracebackType | None) -> str | None:
    """Return the innermost line of this package that is not the way to the database."""
    frames = [
        frame
        for frame in extract_tb(trace)
        if PACKAGE in Path(frame.filename).parents and Path(frame.filename).name != "queries.py"
    ]
    if not frames:
        return None
    return f"{Path(frames[-1].filename).relative_to(PACKAGE)}, line {frames[-1].lineno}"


def _record(connection: Connection, findings: Sequence[CheckFinding], now: datetime) -> int:
    """Write what was found; return how many incidents are new."""
    opened = 0
    firing, ok, unknown = (
        [finding for finding in findings if finding.status == status]
        for status in ("firing", "ok", "unknown")
    )
    if firing:
        is_new = queries.values(connection, "record_incidents", now=now, findings=_write_rows(firing))
        opened = sum(is_new)
    if ok:
        queries.run(connection, "clear_incidents", findings=_write_rows(ok))
    if unknown:
        queries.run(connection, "doubt_incidents", findings=_write_rows(unknown))
    return opened


def _write_rows(findings: Sequence[CheckFinding]) -> Jsonb:
    """Return the findings as one JSON list: ten thousand of them are one parameter."""
    return Jsonb(
        [
            {
                "kind": finding.kind,
                "subject": finding.subject,
                "since": finding.since.isoformat(),
                "facts": dict(finding.facts),
            }
            for finding in findings
        ]
    )


def _escalate(connection: Connection, settings: AlertSettings, now: datetime) -> int:
    after = {name: wait for name in KINDS if (wait := settings.escalation(name)) is not None}
    return queries.run(
        connection, "escalate_incidents", now=now, kinds=list(after), after=list(after.values())
    )
