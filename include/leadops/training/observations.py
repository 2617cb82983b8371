"""Whom to observe as of when, in temporary tables of one transaction: mature MQLs, or active leads."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.training_settings import TrainingSettings

queries = Queries(__file__)

#: Beyond every lead id.
LAST_ID = 2**63 - 1


def create_tables(connection: Connection) -> None:
    """Create the working tables of this transaction, empty, and set the planner for large joins.

    They say whom to observe as of when, and what was known of them.
    """
    queries.run(connection, "configure_planner")
    queries.run(connection, "create_observations")
    queries.run(connection, "create_identities")
    queries.run(connection, "create_unlinked_visitors")
    queries.run(connection, "create_events_seen")
    queries.run(connection, "create_profile_values")
    queries.run(connection, "clear_tables")


def fill_mature_leads(connection: Connection, *, until: datetime, settings: TrainingSettings) -> None:
    """Fill `observations` with the mature MQLs as they were known just before `until` (UTC).

    Their outcome is certain by then.
    """
    create_tables(connection)
    queries.run(
        connection,
        "fill_mature_leads",
        until=until,
        since=until - timedelta(days=settings.windows.history_days),
        horizon=timedelta(days=settings.horizon_days),
        goal=list(settings.goal),
    )


def fill_active_leads(
    connection: Connection,
    *,
    now: datetime,
    settings: TrainingSettings,
    after: int = 0,
    up_to: int = LAST_ID,
) -> int:
    """Fill `observations` with active leads, `after` < id <= `up_to`, as of `now` (UTC); return how many.

    Active are people with an event in the last days: the model gives them points.
    """
    create_tables(connection)
    active = timedelta(days=settings.writing.active_days)
    return queries.run(connection, "fill_active_leads", after=after, up_to=up_to, now=now, active=active)
