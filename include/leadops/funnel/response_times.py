"""How long sales took to answer each MQL of a day, and the box plots of the days before it."""

from leadops.db import Connection
from leadops.funnel.daily_table import DailyTable, DayBuild
from leadops.funnel.day_inputs import join_by_hash
from leadops.queries import Queries

queries = Queries(__file__)


def write_response_times(connection: Connection, build: DayBuild) -> None:
    """Write one row for each MQL of the day."""
    queries.run(connection, "delete_moved_times", **build.parameters)
    with join_by_hash(connection):
        queries.run(connection, "delete_response_times", **build.parameters)
        queries.run(connection, "insert_response_times", **build.parameters)


def write_response_summaries(connection: Connection, build: DayBuild) -> None:
    """Write the box plots as known at the end of the day: over all, by rep, by campaign and by hour."""
    queries.run(connection, "delete_response_summaries", dt=build.day.dt)
    queries.run(connection, "insert_response_summaries", **build.parameters)


RESPONSE_TIMES = DailyTable("analytics.response_times", write=write_response_times, sources=(__file__,))
RESPONSE_SUMMARIES = DailyTable(
    "analytics.response_time_summaries",
    write=write_response_summaries,
    sources=(__file__,),
    looks_back=True,
)
