"""Finds the MQLs whose outcome is sure by the end of a day."""

from datetime import datetime, timedelta

from leadops.db import Connection, load_sql
from leadops.training.features import create_tables
from leadops.training.training_settings import TrainingSettings


def fill_ripe(connection: Connection, *, until: datetime, settings: TrainingSettings) -> None:
    """Fill `moments` with the ripe MQLs as they were known just before `until` (UTC)."""
    create_tables(connection)
    values = {
        "until": until,
        "since": until - timedelta(days=settings.windows.history_days),
        "horizon": timedelta(days=settings.horizon_days),
        "goal": list(settings.goal),
    }
    connection.execute(load_sql("leadops.training", "fill_ripe"), values)
