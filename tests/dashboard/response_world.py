"""Twelve MQLs and their answers, for the page Response times; every quartile can be checked by hand."""

from datetime import UTC, date, datetime, timedelta

from leadops.db import Connection


def answer(
    connection: Connection,
    lead: int,
    rep: str | None,
    minutes: float | None,
    *,
    campaign: str | None = "summer",
    cause: str | None = "handling",
    hour: int = 9,
    wall: float | None = None,
    dt: date,
) -> None:
    """Write one MQL of the day `dt` and when it was answered, in minutes of working time."""
    mql_at = datetime(dt.year, dt.month, dt.day, tzinfo=UTC)
    elapsed = minutes if wall is None else wall
    sal_at = None if elapsed is None else mql_at + timedelta(minutes=elapsed)
    connection.execute(
        "insert into analytics.response_times (lead_id, cycle, rep_id, campaign, mql_at, sal_at,"
        " working_minutes, wall_minutes, local_hour, cause, is_backfill, dt)"
        " values (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s, false, %s)",
        [lead, rep, campaign, mql_at, sal_at, minutes, elapsed, hour, cause if sal_at else None, dt],
    )


def fill_responses(connection: Connection, now: datetime) -> None:
    """Write the answers of Anna (10 to 50 minutes, one of 600 after two moves, one open) and Ben; commit."""
    dt = (now - timedelta(days=10)).date()
    for lead, minutes in enumerate((10, 20, 30, 40, 50), start=1):
        answer(connection, lead, "rep-a", minutes, hour=14, campaign=None, dt=dt)
    answer(connection, 6, "rep-a", 600, cause="night", hour=20, wall=2040, dt=dt)
    answer(connection, 7, "rep-a", None, campaign=None, dt=dt)
    for lead, minutes in enumerate((60, 70, 80, 90, 100), start=8):
        answer(connection, lead, "rep-b", minutes, dt=dt)
    mql_at = datetime(dt.year, dt.month, dt.day, tzinfo=UTC)
    for number, cause, hours in ((1, "mql", 0), (2, "breach", 3), (3, "breach", 6), (4, "breach", 90)):
        connection.execute(
            "insert into routing.assignments (lead_id, cycle, number, rep_id, why, cause, is_backfill,"
            " assigned_at, waited_minutes, facts, passed_over, rules)"
            " values (6, 1, %s, 'rep-a', 'share', %s, false, %s, 0, '{}', '[]', '')",
            [number, cause, mql_at + timedelta(hours=hours)],
        )
    connection.execute(
        "insert into crm.reps (rep_id, profile, updated_at) values ('rep-a', '{\"name\": \"Anna\"}', now())"
        " on conflict (rep_id) do nothing"
    )
    connection.commit()
