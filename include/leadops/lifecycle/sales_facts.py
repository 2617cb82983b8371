"""Derives from the CRM's activities what sales did in each cycle, and the stages that follow from it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.deal_values import read_deal_value
from leadops.lifecycle.kpi_contract import DealValueSettings
from leadops.lifecycle.publish import CycleKey
from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text
from leadops.queries import Queries

queries = Queries(__file__)

#: What a CRM's field says for "no"; compared without case and width.
DENIALS = frozenset({"false", "no", "n", "off", "0", "nein", "いいえ"})


@dataclass(frozen=True)
class RecordedStage:
    """A stage that sales reached with a lead; not new if only its time or value changed."""

    lead_id: int
    stage: str  # sal, sql, won or lost
    is_new: bool


@dataclass(frozen=True)
class WonDeal:
    """An activity that won a deal, with all that the CRM says of it."""

    activity_id: str
    details: dict[str, Any]


def take_activities(connection: Connection, *, now: datetime) -> list[int]:
    """Empty lifecycle's inbox of what is due; return the leads that have new activities."""
    return queries.values(connection, "take_activities", now=now)


def record_facts(
    connection: Connection, leads: Sequence[int], *, versions: Jsonb, now: datetime
) -> list[CycleKey]:
    """Record what sales did with `leads`, by the contract `versions`; return the cycles that changed."""
    queries.run(connection, "create_sales_activities")
    queries.run(connection, "clear_sales_activities")
    queries.run(connection, "collect_activities", leads=list(leads), now=now)
    said: list[str] = queries.values(connection, "list_details", versions=versions)
    affirmed = [value for value in said if not is_denial(value)]
    changed = queries.all(connection, "record_facts", CycleKey, versions=versions, affirmed=affirmed)
    return list(dict.fromkeys(changed))


def is_denial(value: str) -> bool:
    """Return whether a detail of an activity says that nothing is known (a blank), or says no."""
    return is_blank(value) or fold_text(value) in DENIALS


def record_stages(
    connection: Connection,
    cycles: Sequence[CycleKey],
    *,
    versions: Jsonb,
    deal_value: DealValueSettings,
    now: datetime,
) -> list[RecordedStage]:
    """Record the stages that the facts of `cycles` add up to; return those that are new or changed.

    What a won deal is worth is read as `deal_value` says.
    """
    keys = {
        "leads": [cycle.lead_id for cycle in cycles],
        "cycles": [cycle.cycle for cycle in cycles],
    }
    values = [
        asdict(read_deal_value(deal.details, deal_value)) | {"activity_id": deal.activity_id}
        for deal in queries.all(connection, "list_won_deals", WonDeal, **keys)
    ]
    return queries.all(
        connection,
        "record_transitions",
        RecordedStage,
        **keys,
        deal_values=Jsonb([row | {"value": row["value"] and str(row["value"])} for row in values]),
        versions=versions,
        now=now,
    )
