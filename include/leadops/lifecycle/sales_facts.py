"""Derives from the CRM's activities what sales did in each cycle, and the stages that follow from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Literal

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.crm_words import MAX_WORDS, NamedWords
from leadops.lifecycle.currency_rates import find_month, read_rates
from leadops.lifecycle.deal_values import read_deal_value
from leadops.lifecycle.kpi_contract import DealValueSettings
from leadops.lifecycle.publish import CycleKey
from leadops.lifecycle.rule_spans import RuleSpan, find_rules, key_words
from leadops.normalization.blank_values import is_blank
from leadops.normalization.clean_text import fold_text
from leadops.normalization.word_keys import make_word_key
from leadops.queries import Queries

queries = Queries(__file__)

#: What a CRM's field says for "no"; compared without case and width.
DENIALS = frozenset({"false", "no", "n", "off", "0", "nein", "いいえ"})


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


def take_activities(connection: Connection, *, named: NamedWords, now: datetime) -> list[int]:
    """Empty lifecycle's inbox of what is due; return the leads that have new activities.

    Words of the CRM that are not `named` are recorded, of each field at most MAX_WORDS.
    """
    return queries.values(
        connection,
        "take_activities",
        statuses=named.statuses,
        kinds=named.kinds,
        salespeople=named.salespeople,
        max_words=MAX_WORDS,
        now=now,
    )


def record_facts(
    connection: Connection, leads: Sequence[int], *, spans: Sequence[RuleSpan], now: datetime
) -> list[CycleKey]:
    """Record what sales did with `leads`, by the rules of `spans`; return the cycles that changed.

    The facts are a function of the MQLs, the activities and the rules: what does not follow from them any
    more is removed.
    """
    versions, leads = write_rows(spans), list(leads)
    queries.run(connection, "create_sales_activities")
    queries.run(connection, "clear_sales_activities")
    queries.run(connection, "create_derived_facts")
    queries.run(connection, "clear_derived_facts")
    queries.run(connection, "collect_activities", leads=leads, versions=versions, now=now)
    names = _spell_names(queries.values(connection, "list_detail_names"), spans)
    said: list[str] = queries.values(connection, "list_details", names=list(names))
    affirmed = [value for value in said if not is_denial(value)]
    queries.run(
        connection,
        "derive_facts",
        versions=versions,
        names=list(names),
        keys=list(names.values()),
        affirmed=affirmed,
    )
    return queries.all(connection, "replace_facts", CycleKey, leads=leads)


def list_cycles(connection: Connection, leads: Sequence[int]) -> list[CycleKey]:
    """Return every cycle of `leads` that sales can have worked on."""
    return queries.all(connection, "list_cycles", CycleKey, leads=list(leads))


def write_rows(spans: Sequence[RuleSpan]) -> Jsonb:
    """Return `spans` as the parameter of the statements of this stage: their words as keys."""
    return Jsonb([span.as_row() | key_words(span.rules) for span in spans])


def _spell_names(names: Sequence[str], spans: Sequence[RuleSpan]) -> dict[str, str]:
    """Return the key of each name of a detail that some rules ask for, by how the CRM spells it."""
    asked = {
        make_word_key(word)
        for span in spans
        for word in (*span.rules["criteria"], *span.rules["next_meeting"])
    }
    keys = {name: make_word_key(name) for name in names}
    return {name: key for name, key in keys.items() if key in asked}


def is_denial(value: str) -> bool:
    """Return whether a detail of an activity says that nothing is known (a blank), or says no."""
    return is_blank(value) or fold_text(value) in DENIALS


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
