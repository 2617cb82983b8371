"""Finds mature MQLs: those whose outcome is certain by the end of a day."""

from datetime import datetime, timedelta

from leadops.db import Connection
from leadops.queries import Queries
from leadops.training.training_settings import TrainingSettings
from leadops.training.working_tables import create_tables

queries = Queries(__file__)


def fill_mature_leads(connection: Connection, *, until: datetime, settings: TrainingSettings) -> None:
    """Fill `observations` with the mature MQLs as they were known just before `until` (UTC)."""
    create_tables(connection)
    queries.run(
        connection,
        "fill_mature_leads",
        until=until,
        since=until - timedelta(days=settings.windows.history_days),
        horizon=timedelta(days=settings.horizon_days),
        goal=list(settings.goal),
    )
