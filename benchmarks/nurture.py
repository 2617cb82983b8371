"""What a run of send_nurture costs with a million memberships of which few are due, and what scoring pays."""

import time
from datetime import UTC, datetime, timedelta

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.repeat import time_repeated
from benchmarks.statements import read_statement
from leadops.configuration import Config
from leadops.consent.settings_in_force import follow_settings
from leadops.db import Connection
from leadops.nurture.enter_programmes import enter_programmes
from leadops.nurture.read_due import DueMembership
from leadops.nurture.send_steps import queries, send_due
from leadops.orchestration.tasks.nurture import make_context

REPETITIONS = 5


def measure_nurture(*, quick: bool) -> Measured:
    """Find and decide who is due among many memberships.

    Fails if not exactly those that are due are found, or if a message is missing in the outbox.
    """
    members, due, leads = (20_000, 500, 2_000) if quick else (1_000_000, 10_000, 100_000)
    config = Config()
    context = make_context(config)
    now = datetime.now(UTC).replace(hour=3, minute=0)  # noon in Tokyo: no quiet hours
    with open_arena() as arena, arena.connect() as connection:
        with connection.transaction():
            follow_settings(connection, config.consent, now=now)
        enter_programmes(connection, context=context, now=now - timedelta(days=30))
        fill(connection, first=1, last=members // 20, due=due // 20, now=now)
        found_few, _ = time_repeated(lambda: find_due(connection, now, due), times=REPETITIONS)
        fill(connection, first=members // 20 + 1, last=members, due=due - due // 20, now=now)
        finding, found = time_repeated(lambda: find_due(connection, now, due + 1), times=REPETITIONS)
        started = time.perf_counter()
        result = send_due(connection, context=context, gaps={}, now=now)
        chunk = time.perf_counter() - started
        queued = result.queued
        started = time.perf_counter()
        while result.remaining:
            result = send_due(connection, context=context, gaps={}, now=now)
            queued += result.queued
        rest = time.perf_counter() - started
        idle, nothing = time_repeated(
            lambda: send_due(connection, context=context, gaps={}, now=now), times=REPETITIONS
        )
        row = connection.execute("select count(*) from delivery.outbox").fetchone()
        passing_on, _ = time_repeated(lambda: pass_on(connection, leads), times=REPETITIONS)
    if (found, queued, nothing.due, row) != (due, due, 0, (due,)):
        raise RuntimeError(f"{found} found, {queued} queued, {nothing}, {row} in the outbox")
    return Measured(
        figures=[
            Figure("who is due is found", finding, "s", "under", 2),
            Figure("a run in which nobody is due", idle, "s", "under", 0.2),
            Figure(
                "times that of a twentieth due among a twentieth", finding / found_few, "x", "at most", 40
            ),
            Figure("all that are due are decided and queued", chunk + rest, "s"),
            Figure("a chunk of them", chunk, "s"),
            # `minute_run` scores the 1,000,000 events of as many leads in under 20 s.
            Figure("scoring passes its leads on", passing_on, "s", "under", 0.2),
            Figure("memberships", members, ""),
            Figure("due", due, ""),
        ]
    )


def fill(connection: Connection, *, first: int, last: int, due: int, now: datetime) -> None:
    """Add leads with memberships whose second step is due at `now` for `due` of them, later for others."""
    with connection.transaction():
        connection.execute(
            read_statement("fill_memberships"), {"first": first, "last": last, "due": due, "now": now}
        )
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False


def find_due(connection: Connection, now: datetime, max_rows: int) -> int:
    """Return how many memberships the statement of a run finds, which locks them; nothing is changed."""
    with connection.transaction(force_rollback=True):
        return len(queries.all(connection, "lock_due", DueMembership, now=now, max_rows=max_rows))


def pass_on(connection: Connection, leads: int) -> None:
    """Write what the scoring of that many leads adds to its transaction; nothing is kept."""
    with connection.transaction(force_rollback=True):
        connection.execute(
            "insert into nurture.inbox (lead_id) select n from generate_series(1, %s) as numbers (n)",
            [leads],
        )
