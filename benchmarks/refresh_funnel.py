"""One day of the funnel: how long with many rows, and whether the history before it matters."""

import time
from datetime import date, datetime, timedelta

from benchmarks.arena import open_arena
from benchmarks.attribution import fill_touches
from benchmarks.figures import Figure, Measured
from benchmarks.repeat import time_repeated
from benchmarks.settle import settle
from benchmarks.statements import read_statement
from leadops.attribution.refresh_attribution import refresh_attribution
from leadops.calendar.local_days import day_bounds
from leadops.configuration import Config
from leadops.db import Connection
from leadops.funnel.refresh_funnel import FunnelRefreshResult, refresh_funnel

DAY = date(2026, 6, 30)
COMPANY = Config().company
START, UNTIL = day_bounds(DAY, COMPANY.zone)[1:]

#: Rows of the lifecycle that fill_stages.sql makes of a lead.
STAGES = 2.5


def measure_refresh_funnel(*, quick: bool) -> Measured:
    """Build a day with many rows; then one with few, behind some history and behind 100 times as much."""
    rows, few, history = (20_000, 1_000, 500) if quick else (1_000_000, 5_000, 5_000)
    # Half of the rows are of the lifecycle. Of the other half, each of their leads' first contact is a touch.
    half, leads = rows // 2, int(rows // 2 / STAGES)
    with open_arena() as arena, arena.connect() as connection:
        fill_stages(connection, leads=leads, since=START, until=UNTIL, first=4)
        fill_touches(connection, touches=half - leads, since=START, until=UNTIL, first=100_000_000)
        refresh(connection, day=DAY - timedelta(days=1))  # an empty one, which loads modules
        started = time.perf_counter()
        done = refresh(connection)
        counting = time.perf_counter() - started
        again, _ = time_repeated(lambda: refresh(connection))
        sharing, shared = time_repeated(lambda: share(connection))
    counted = done.mqls + done.sals + done.sqls + done.wons
    if counted < half or counted + shared < rows * 0.99:
        raise RuntimeError(f"{half} rows of each kind were to be read: {counted}, {shared}")
    with open_arena() as arena, arena.connect() as connection:
        fill_stages(connection, leads=int(few / STAGES), since=START, until=UNTIL, first=400_000_000)
        looks_back = Config().funnel.looks_back
        recent = START - timedelta(days=looks_back)
        fill_stages(connection, leads=history, since=recent, until=START, first=200_000_000)
        alone, before = time_repeated(lambda: refresh(connection), times=5)
        past = recent - timedelta(days=looks_back * 20)
        fill_stages(connection, leads=history * 99, since=past, until=recent, first=4)
        behind, after = time_repeated(lambda: refresh(connection), times=5)
    if before != after:
        raise RuntimeError(f"what lies before the day changed it: {before}, {after}")
    return Measured(
        figures=[
            Figure("a day's refresh", counting + sharing, "s", "under", 10),
            Figure("of it, the counts", counting, "s"),
            Figure("of it, the credits", sharing, "s"),
            Figure("the counts, built again with nothing new", again, "s"),
            Figure("the same, 100 times the history", behind / alone, "x", "at most", 1.3),
            Figure("few rows, some history", alone, "s"),
            Figure("few rows, 100 times the history", behind, "s"),
        ],
        remarks=[
            f"{counted:,} lifecycle rows of {leads:,} leads and {shared:,} touches, all on the"
            " day: counts, response times and lead times of 20 campaigns, credits by seven models.",
            f"The ratio: {few:,} rows on the day, behind {int(history * STAGES):,} of the {looks_back} days"
            f" that the figures look back over, and behind {int(history * STAGES * 100):,} of 20 times as"
            " many days.",
        ],
    )


def fill_stages(connection: Connection, *, leads: int, since: datetime, until: datetime, first: int) -> None:
    """Put `leads` leads, numbered from `first`, and what became of them into the time from `since`."""
    statement = read_statement("fill_stages")
    values = {"first": first, "leads": leads, "since": since, "until": until}
    connection.execute(statement.encode(), values)
    # What the day is built from is measured, not the note that it was filled.
    connection.execute("truncate analytics.inbox")
    settle(connection)


def share(connection: Connection) -> int:
    """Share the conversions of DAY; return how many touches were read."""
    settings = Config().attribution
    done = refresh_attribution(connection, day=DAY, settings=settings, company=COMPANY, now=UNTIL)
    connection.commit()
    return done.touches


def refresh(connection: Connection, *, day: date = DAY) -> FunnelRefreshResult:
    """Build `day` with the shipped settings, just when DAY is over."""
    config = Config()
    return refresh_funnel(
        connection,
        day=day,
        company=COMPANY,
        settings=config.funnel,
        contract=config.kpi,
        policy=config.sla,
        now=UNTIL,
    )
