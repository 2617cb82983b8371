"""Values deals in other currencies again after rates came or were corrected."""

from collections.abc import Collection
from datetime import date, datetime

from leadops.calendar.local_days import local_midnight
from leadops.db import Connection
from leadops.lifecycle.import_stages import arrange_stages
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.queries import Queries

queries = Queries(__file__, topic="import_stages")


def revalue_deals(
    connection: Connection, months: Collection[date], *, contract: KpiContract, now: datetime
) -> int:
    """Value the deals in other currencies again that were won in `months`; return how many leads have one.

    Runs in the caller's transaction. Imported deals are valued at once; those of the CRM wait for the next
    qualify, as after a change of the KPI contract.
    """
    zone = contract.zone
    starts = sorted(set(months))
    leads: list[int] = queries.values(
        connection,
        "list_valued_leads",
        starts=[local_midnight(month, zone) for month in starts],
        ends=[local_midnight(_add_month(month), zone) for month in starts],
    )
    if leads:
        queries.run(connection, "enqueue_valued_leads", leads=leads)
        arrange_stages(connection, leads, contract=contract, now=now)
    return len(leads)


def _add_month(month: date) -> date:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
