"""Finds active leads: people with an event in the last days, whom the model gives points."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.training_settings import TrainingSettings
from leadops.training.working_tables import create_tables

queries = Queries(__file__)

#: Beyond every lead id.
LAST_ID = 2**63 - 1


def fill_active_leads(
    connection: Connection,
    *,
    now: datetime,
    settings: TrainingSettings,
    after: int = 0,
    up_to: int = LAST_ID,
) -> int:
    """Fill `observations` with the active leads with `after` < id <= `up_to` as of `now` (UTC).

    Returns how many these are.
    """
    create_tables(connection)
    active = timedelta(days=settings.writing.active_days)
    return queries.run(connection, "fill_active_leads", after=after, up_to=up_to, now=now, active=active)
