"""What a minute of the checks costs while ten thousand leads stay overdue, beside a hundred."""

import time
from datetime import UTC, datetime, timedelta

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.repeat import time_repeated
from benchmarks.statements import read_statement
from leadops.alerts.alert_message import list_open_messages
from leadops.alerts.checks import CHECKS
from leadops.alerts.plan import plan_messages
from leadops.configuration import Config
from leadops.db import Connection
from leadops.incidents.run_checks import CheckResult, run_checks
from leadops.sla.sla_policy import SlaCalendar

REPETITIONS = 5


def measure_checks(*, quick: bool) -> Measured:
    """Open, leave open and resolve an incident for each of many breaches.

    Fails if one of them is missed, or if they do not share one Slack message.
    """
    few, many = (10, 200) if quick else (100, 10_000)
    now = datetime.now(UTC)
    later = now + timedelta(minutes=1)
    with open_arena() as arena, arena.connect() as connection:
        fill_breaches(connection, first=1, last=few, now=now)
        run_checks_timed(connection, now)
        unchanged_few, _ = time_repeated(lambda: run_checks_timed(connection, now), times=REPETITIONS)
        fill_breaches(connection, first=few + 1, last=many, now=now)
        opening, opened = run_checks_timed(connection, now)
        unchanged_many, (_, unchanged) = time_repeated(
            lambda: run_checks_timed(connection, now), times=REPETITIONS
        )
        plan_messages(connection, settings=Config().alerts, now=now)
        messages = len(list_open_messages(connection))
        end_breaches(connection, now=later)
        resolving, resolved = run_checks_timed(connection, later)
    if (opened.opened, unchanged.open, resolved.resolved, messages) != (many - few, many, many, 1):
        raise RuntimeError(f"{opened}, then {unchanged}, then {resolved}; {messages} messages")
    ratio = unchanged_many / unchanged_few
    return Measured(
        figures=[
            Figure("a run in which nothing changed", unchanged_many, "s", "under", 2),
            Figure("times a run with a hundredth of them", ratio, "x", "at most", 10),
            Figure("a run that opens them", opening, "s", "under", 5),
            Figure("a run that resolves them", resolving, "s", "under", 5),
            Figure("open breaches", many, ""),
            Figure("a run with a hundredth of them", unchanged_few, "s"),
            Figure("Slack messages about them", messages, "", "at most", 1),
        ]
    )


def fill_breaches(connection: Connection, *, first: int, last: int, now: datetime) -> None:
    """Let the clocks of the leads `first` to `last` run out at `now` (UTC)."""
    with connection.transaction():
        connection.execute(read_statement("fill_breaches"), {"first": first, "last": last, "now": now})
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False


def end_breaches(connection: Connection, *, now: datetime) -> None:
    """Let sales contact every lead at `now` (UTC)."""
    with connection.transaction():
        connection.execute("update sla.breaches set state = 'met_late', stopped_at = %s", [now])


def run_checks_timed(connection: Connection, now: datetime) -> tuple[float, CheckResult]:
    """Run every check once, as the task does; return the seconds and what it did."""
    started = time.perf_counter()
    result = run_checks(
        connection, CHECKS, settings=Config().alerts, calendar=SlaCalendar(Config().sla), now=now
    )
    return time.perf_counter() - started, result
