"""One day's refresh of the credits: how long with many touches, and whether what lies before them matters."""

from datetime import UTC, date, datetime, timedelta

from benchmarks.arena import open_arena
from benchmarks.figures import Figure, Measured
from benchmarks.repeat import time_repeated
from benchmarks.settle import settle
from benchmarks.statements import read_statement
from leadops.attribution.refresh_attribution import AttributionRefreshResult, refresh_attribution
from leadops.configuration import Config
from leadops.db import Connection

DAY = date(2026, 6, 30)
UNTIL = datetime(2026, 6, 30, 12, tzinfo=UTC)
LEADS = """
insert into identity.leads (lead_id, created_at, account_id) overriding system value
select n, %(at)s, n / 3 from generate_series(%(first)s, %(first)s + %(leads)s - 1) as n
"""


def measure_attribution(*, quick: bool) -> Measured:
    """Refresh over many touches; then over few, without and with a hundred times as many before them."""
    touches, few = (20_000, 2_000) if quick else (1_000_000, 20_000)
    with open_arena() as arena, arena.connect() as connection:
        fill_touches(connection, touches=touches, since=UNTIL - timedelta(days=85), until=UNTIL, first=1)
        whole, done = time_repeated(lambda: refresh(connection))
    if not touches * 0.9 < done.touches <= touches or done.note:
        raise RuntimeError(f"{touches} touches were to be refreshed: {done}")
    with open_arena() as arena, arena.connect() as connection:
        recent = UNTIL - timedelta(days=80)
        fill_touches(connection, touches=few, since=recent, until=UNTIL, first=10_000_000)
        alone, before = time_repeated(lambda: refresh(connection), times=5)
        since, past = recent - timedelta(days=8000), recent - timedelta(days=200)
        fill_touches(connection, touches=few * 100, since=since, until=past, first=1)
        behind, after = time_repeated(lambda: refresh(connection), times=5)
    if (before.touches, before.conversions) != (after.touches, after.conversions):
        raise RuntimeError(f"what lies before the period changed it: {before}, {after}")
    return Measured(
        figures=[
            Figure("a day's refresh", whole, "s", "under", 10),
            Figure("the same, 100 times the history", behind / alone, "x", "at most", 1.3),
            Figure("few touches, no history", alone, "s"),
            Figure("few touches, 100 times the history", behind, "s"),
        ],
        remarks=[
            f"{touches:,} touches and {done.conversions:,} conversions read; seven models by channel and by"
            f" campaign, {Config().attribution.evidence.draws} samples each.",
            f"The ratio: {few:,} touches in the period, without and with {few * 100:,} before it.",
        ],
    )


def fill_touches(
    connection: Connection, *, touches: int, since: datetime, until: datetime, first: int
) -> None:
    """Put `touches` touches of a tenth as many leads, numbered from `first`, into the time from `since`."""
    statement = read_statement("fill_touches")
    leads = touches // 10
    connection.execute(LEADS, {"first": first, "leads": leads, "at": since - timedelta(days=9000)})
    connection.execute(
        statement.encode(),
        {
            "prefix": f"{first}-",
            "touches": touches,
            "leads": leads,
            "first": first,
            "since": since,
            "until": until,
        },
    )
    settle(connection)


def refresh(connection: Connection) -> AttributionRefreshResult:
    """Refresh DAY with the shipped settings."""
    settings = Config().attribution
    done = refresh_attribution(connection, day=DAY, settings=settings, company=Config().company, now=UNTIL)
    connection.commit()
    return done
