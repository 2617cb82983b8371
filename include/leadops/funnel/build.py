"""Builds the tables of one day whole, in one transaction."""

from datetime import date

from leadops.calendar.local_days import day_bounds
from leadops.db import Connection
from leadops.funnel import day_inputs, spans
from leadops.funnel.built_days import mark_built
from leadops.funnel.daily_table import BuildContext, derive_version, plan_day
from leadops.funnel.day_inputs import collect_inputs
from leadops.funnel.funnel_cells import FUNNEL_CELLS, FUNNEL_SUMS, LEFT_OUT, DayCounts, read_counts
from leadops.funnel.funnel_entries import FUNNEL_ENTRIES
from leadops.funnel.funnel_settings import fingerprint_settings
from leadops.funnel.lead_times import LEAD_TIMES
from leadops.funnel.response_times import RESPONSE_SUMMARIES, RESPONSE_TIMES
from leadops.locks import Lock, hold_lock

#: The tables of a day, in the order in which they are written. A new one is one more line.
DAILY_TABLES = (
    LEFT_OUT,
    FUNNEL_CELLS,
    FUNNEL_SUMS,
    FUNNEL_ENTRIES,
    RESPONSE_TIMES,
    RESPONSE_SUMMARIES,
    LEAD_TIMES,
)

#: Changes with the tables and their code, so that days built before such a change are built again.
BUILD_VERSION = derive_version(DAILY_TABLES, inputs=[day_inputs.__file__, spans.__file__])


def fingerprint_build(context: BuildContext) -> str:
    """Return a hash of the settings and of BUILD_VERSION; days built with another one are stale."""
    return fingerprint_settings(
        context.settings,
        company=context.company,
        contract=context.contract,
        policy=context.policy,
        build_version=BUILD_VERSION,
    )


def build_day(
    connection: Connection, dt: date, context: BuildContext, *, only_looking_back: bool = False
) -> DayCounts:
    """Write one local day whole and return its counts; commits.

    With `only_looking_back` only the tables that look back over other days are written. One build runs at a
    time: it holds Lock.FUNNEL until it commits.
    """
    build = plan_day(day_bounds(dt, context.company.zone), context, fingerprint=fingerprint_build(context))
    with connection.transaction():
        hold_lock(connection, Lock.FUNNEL)
        collect_inputs(connection, build, only_looking_back=only_looking_back)
        for table in DAILY_TABLES:
            if table.looks_back or not only_looking_back:
                table.write(connection, build)
        mark_built(connection, build)
        return read_counts(connection, dt)
