"""Derives the stages that what sales did in each cycle adds up to, and what won deals are worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.currency_rates import find_month, read_rates
from leadops.lifecycle.deal_values import read_deal_value
from leadops.lifecycle.kpi_contract import DealValueSettings
from leadops.lifecycle.publish import CycleKey
from leadops.lifecycle.rule_spans import RuleSpan, find_rules
from leadops.lifecycle.sales_facts import write_rows
from leadops.queries import Queries

queries = Queries(__file__)


@dataclass(frozen=True)
class RecordedStage:
    """What a run changed about a stage that sales reached with a lead."""

    lead_id: int
    own_lead_id: int  # the lead of the person on which it is recorded
    stage: str  # sal, sql, won or lost
    change: Literal["new", "moved", "noted", "gone"]  # moved: another time or value; noted: other evidence


@dataclass(frozen=True)
class WonDeal:
    """An activity that won a deal, with all that the CRM says of it."""

    activity_id: str
    details: dict[str, Any]
    occurred_at: datetime


def list_cycles(connection: Connection, leads: Sequence[int]) -> list[CycleKey]:
    """Return every cycle of `leads` that sales can have worked on."""
    return queries.all(connection, "list_cycles", CycleKey, leads=list(leads))


def record_stages(
    connection: Connection,
    cycles: Sequence[CycleKey],
    *,
    spans: Sequence[RuleSpan],
    currency: str | None,
    zone: tzinfo,
    now: datetime,
) -> list[RecordedStage]:
    """Record the stages that the facts of `cycles` add up to, by the rules of `spans`; return what changed.

    A deal in another currency than the company's (`currency`) counts at the rate of the month, in `zone`, in
    which it was won; without a rate it has no value.
    A stage to which the facts do not add up any more is removed.
    """
    keys = {
        "leads": [cycle.lead_id for cycle in cycles],
        "cycles": [cycle.cycle for cycle in cycles],
    }
    deals = queries.all(connection, "list_won_deals", WonDeal, **keys)
    queries.run(connection, "create_derived_stages")
    queries.run(connection, "clear_derived_stages")
    queries.run(
        connection,
        "derive_stages",
        **keys,
        deal_values=Jsonb(_read_deals(connection, deals, spans, currency, zone)),
        versions=write_rows(spans),
    )
    return queries.all(connection, "replace_stages", RecordedStage, **keys, now=now)


def _read_deals(
    connection: Connection,
    deals: Sequence[WonDeal],
    spans: Sequence[RuleSpan],
    currency: str | None,
    zone: tzinfo,
) -> list[dict[str, Any]]:
    """Return what each deal is worth, as the rules of its moment read it."""
    rows, rates = [], None
    for deal in deals:
        settings = DealValueSettings.model_validate(find_rules(spans, deal.occurred_at)["deal_value"])
        read = read_deal_value(deal.details, settings, company_currency=currency)
        value, foreign = read.value, None
        if read.value is not None and read.currency is not None:
            rates = rates or read_rates(connection, currency=currency or "")
            value, foreign = rates.value_deal(read.value, read.currency, find_month(deal.occurred_at, zone))
        rows.append(
            {
                "activity_id": deal.activity_id,
                "value": None if value is None else str(value),
                "evidence": foreign or ({"unreadable_value": read.unreadable} if read.unreadable else {}),
            }
        )
    return rows
