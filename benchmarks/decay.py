"""What a night of decay costs: the first one over all leads, and one like every other."""

import time
from datetime import UTC, date, datetime, timedelta

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.statements import read_statement
from leadops.configuration import Config
from leadops.db import Connection
from leadops.scoring.decay_leads import DecayResult, decay_leads


def measure_decay(*, quick: bool) -> Measured:
    """Fill a ledger, run nights over it, and see that the same night again does nothing."""
    leads = 20_000 if quick else 1_000_000
    with open_arena() as arena, arena.connect() as connection:
        now = datetime.now(UTC)
        yesterday = now.astimezone(Config().company.zone).date() - timedelta(days=1)
        fill_behaviour(connection, leads=leads, now=now - timedelta(days=2))
        first, all_due = night(connection, yesterday - timedelta(days=1))
        usual, due = night(connection, yesterday)
        again, nothing = night(connection, yesterday)
    if nothing.leads or due.rows > due.leads or all_due.leads != leads:
        raise RuntimeError(f"{all_due}, then {due}, then {nothing}")
    return Measured(
        figures=[
            Figure("leads with behaviour", leads, ""),
            Figure("the first night, all leads", first, "s"),
            Figure("a usual night", usual, "s", "under", 300),
            Figure("leads that it looked at", due.leads, ""),
            Figure("of these, leads that lost a point", due.rows, ""),
            Figure("the same night again", again, "s"),
        ]
    )


def fill_behaviour(connection: Connection, *, leads: int, now: datetime) -> None:
    """Give `leads` leads three awards each, spread over the year before `now` (UTC)."""
    with connection.transaction():
        connection.execute(read_statement("fill_behaviour"), {"leads": leads, "now": now})
    connection.autocommit = True
    connection.execute("vacuum analyze")
    connection.autocommit = False


def night(connection: Connection, day: date) -> tuple[float, DecayResult]:
    """Decay to the end of `day` under the default rules; return the seconds and what was done in all."""
    rules, zone = Config().scoring, Config().company.zone
    leads = rows = points = 0
    started = time.perf_counter()
    while True:
        done = decay_leads(connection, rules=rules, zone=zone, day=day, now=datetime.now(UTC))
        leads, rows, points = leads + done.leads, rows + done.rows, points + done.points
        if not done.remaining:
            return time.perf_counter() - started, DecayResult(leads, rows, points, remaining=False)
