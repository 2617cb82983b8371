"""How many MQLs reach each stage and how fast, over all and by campaign: analytics.lead_times."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.funnel.daily_table import DailyTable, DayBuild
from leadops.queries import Queries

if TYPE_CHECKING:
    from leadops.funnel.kaplan_meier import Bools, Floats

queries = Queries(__file__)


@dataclass(frozen=True)
class CampaignWaits:
    """The MQLs of one campaign; each column is an array of moments, see leadops.funnel.arrays."""

    campaign: str | None
    mql: bytes
    sal: bytes
    sql: bytes
    won: bytes


class StageWaits(NamedTuple):
    """How long the MQLs of one campaign took to reach a stage, or have waited so far; both of one length."""

    campaign: str | None
    days: "Floats"
    reached: "Bools"


def write_lead_times(connection: Connection, build: DayBuild) -> None:
    """Write the lead times as known at the end of the day, of the MQLs of the days before it."""
    queries.run(connection, "delete_lead_times", dt=build.day.dt)
    rows = [
        row
        for stage, waits in _read_waits(connection, build).items()
        for row in _measure_stage(stage, waits, build)
    ]
    queries.run(connection, "insert_lead_times", dt=build.day.dt, rows=Jsonb(rows))


LEAD_TIMES = DailyTable(
    "analytics.lead_times",
    write=write_lead_times,
    sources=(__file__, str(Path(__file__).with_name("kaplan_meier.py"))),
    looks_back=True,
)


def _read_waits(connection: Connection, build: DayBuild) -> dict[str, list[StageWaits]]:
    import numpy as np  # heavy; only for those who build

    from leadops.funnel.arrays import INFINITY, read_numbers, to_microseconds

    ends = to_microseconds(build.parameters["known_until"])
    waits: dict[str, list[StageWaits]] = {"sal": [], "sql": [], "won": []}
    for row in queries.all(connection, "list_waits", CampaignWaits, **build.parameters):
        begun = read_numbers(row.mql)
        for stage, column in (("sal", row.sal), ("sql", row.sql), ("won", row.won)):
            moments = read_numbers(column)
            reached = moments < INFINITY
            days = (np.where(reached, moments, ends) - begun) / 1e6 / 86400
            waits[stage].append(StageWaits(row.campaign, days, reached))
    return waits


def _measure_stage(stage: str, waits: list[StageWaits], build: DayBuild) -> list[dict[str, Any]]:
    """Return the rows of one stage: over all campaigns, then each campaign; none without MQLs."""
    import numpy as np

    from leadops.funnel.kaplan_meier import measure_lead_times

    if not waits:
        return []
    together = StageWaits(
        None,
        np.concatenate([campaign.days for campaign in waits]),
        np.concatenate([campaign.reached for campaign in waits]),
    )
    settings = build.context.settings
    return [
        {"stage": stage, "scope": scope, "campaign": group.campaign}
        | measure_lead_times(
            group.days, group.reached, within_days=settings.rate_within_days, min_leads=settings.min_leads
        )
        for scope, group in [("all", together), *(("campaign", campaign) for campaign in waits)]
    ]
