"""Runs every check and brings the incidents on record up to date: opens, updates, escalates, resolves.

A check that raises neither stops nor silences another one: it becomes the incident `check_failed`.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from traceback import extract_tb
from types import TracebackType

import psycopg
from psycopg.types.json import Jsonb

from leadops.alerts.alert_settings import AlertSettings
from leadops.alerts.check import Check, CheckInput
from leadops.alerts.findings import Finding, Key, find_ended
from leadops.alerts.kinds import CHECK_FAILED, KINDS
from leadops.alerts.watch_cdp import CdpReading
from leadops.db import STATEMENT_TIMEOUT, Connection
from leadops.db_errors import explain_database_error
from leadops.errors import LeadopsError
from leadops.locks import Lock, hold_lock
from leadops.mask import mask_text
from leadops.queries import Queries

log = logging.getLogger(__name__)
queries = Queries(__file__)

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
    now: datetime,
    cdp: CdpReading | None = None,
) -> CheckResult:
    """Run each of `checks` and bring alerts.incidents up to date; commits.

    Each check and what it finds is recorded in a savepoint of its own. Where one raises, the incidents of its
    kinds stay open as they are: nobody knows better. Without `cdp` the CDP's incidents stay as they are. May
    run in several processes at once. Raises only where the database itself is gone.
    """
    with connection.transaction():
        hold_lock(connection, Lock.INCIDENTS)
        open_now = frozenset(queries.all(connection, "list_open_keys", Key))
        given = CheckInput(settings=settings, now=now, open_now=open_now, cdp=cdp)
        queries.run(connection, "limit_statements", duration=CHECK_TIMEOUT)
        opened, failures = 0, list[Finding]()
        for check in checks:
            try:
                with connection.transaction():
                    opened += _record(connection, _look(connection, check, given), now)
            except Exception as error:
                if connection.closed:
                    raise
                failures.append(_form_failure(check, error, now))
        queries.run(connection, "limit_statements", duration=STATEMENT_TIMEOUT)
        ended = find_ended({CHECK_FAILED}, open_now=open_now, wrong=failures, now=now)
        opened += _record(connection, [*failures, *ended], now)
        failed = {finding.subject for finding in failures}
        resolved = queries.run(
            connection,
            "resolve_incidents",
            cleared_before=now - timedelta(minutes=settings.clear_after_minutes),
            at_once=[kind.name for kind in KINDS.values() if kind.ends_at_once],
            unknown=[kind for check in checks if check.name in failed for kind in check.kinds],
        )
        escalated = _escalate(connection, settings, now)
        left = queries.value(connection, "count_open")
    return CheckResult(opened, resolved, escalated, left, tuple(sorted(failed)))


def _look(connection: Connection, check: Check, given: CheckInput) -> list[Finding]:
    """Return what `check` finds; raises ValueError where it finds something that it does not declare."""
    findings = check.look(connection, given)
    if undeclared := {finding.kind for finding in findings} - set(check.kinds):
        raise ValueError(f"undeclared kinds: {', '.join(sorted(undeclared))}")
    return findings


def _form_failure(check: Check, error: Exception, now: datetime) -> Finding:
    """Return the finding check_failed; of a foreign exception only its class, as its words may quote data."""
    trace = error.__traceback__
    if isinstance(error, psycopg.Error):
        error = explain_database_error(error)
    reason = mask_text(error) if isinstance(error, LeadopsError) else type(error).__name__
    place = _find_place(trace)
    log.error("the check %s failed: %s", check.name, reason)
    facts = {"check": check.name, "error": reason, "place": place, "kinds": list(check.kinds)}
    return Finding(CHECK_FAILED, KINDS[CHECK_FAILED].form_subject(facts), "wrong", now, facts)


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


def _record(connection: Connection, findings: Sequence[Finding], now: datetime) -> int:
    """Write what was found; return how many incidents are new."""
    opened = 0
    wrong, good, unknown = (
        [finding for finding in findings if finding.standing == standing]
        for standing in ("wrong", "good", "unknown")
    )
    if wrong:
        opened = sum(
            queries.values(
                connection, "record_incidents", now=now, opened_at=[f.since for f in wrong], **_columns(wrong)
            )
        )
    if good:
        queries.run(connection, "clear_incidents", cleared_at=[f.since for f in good], **_columns(good))
    if unknown:
        columns = _columns(unknown)
        queries.run(connection, "doubt_incidents", kinds=columns["kinds"], subjects=columns["subjects"])
    return opened


def _columns(findings: Sequence[Finding]) -> dict[str, list[object]]:
    return {
        "kinds": [finding.kind for finding in findings],
        "subjects": [finding.subject for finding in findings],
        "facts": [Jsonb(dict(finding.facts)) for finding in findings],
    }


def _escalate(connection: Connection, settings: AlertSettings, now: datetime) -> int:
    after = {name: wait for name in KINDS if (wait := settings.escalation(name)) is not None}
    return queries.run(
        connection, "escalate_incidents", now=now, kinds=list(after), after=list(after.values())
    )
