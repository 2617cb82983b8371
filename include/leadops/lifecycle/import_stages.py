"""Imports stages as a CRM's export states them; imported stages raise no alarm and are not routed."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.currency_rates import find_month, read_rates
from leadops.lifecycle.imported_cycles import ImportedStage, split_cycles
from leadops.lifecycle.kpi_contract import KpiContract, VersionSpan
from leadops.lifecycle.ledger_cursor import lock_cursor
from leadops.queries import Queries

queries = Queries(__file__)


class StageKey(NamedTuple):
    """What makes two imported stages the same."""

    lead_id: int
    stage: str
    occurred_at: datetime
    reference: str


@dataclass(frozen=True)
class UpsertedStage:
    """An imported stage that is new, or that another version of it has replaced."""

    lead_id: int
    stage: str
    occurred_at: datetime
    reference: str
    is_new: bool


@dataclass(frozen=True)
class LeadHistory:
    """The first contact of a lead, and the cycles that leadops recorded itself: [number, MQL in ISO]."""

    lead_id: int
    created_at: datetime
    campaign: str | None
    source: str | None
    live: list[list[Any]]


def import_stages(
    connection: Connection, stages: Sequence[ImportedStage], *, contract: KpiContract, now: datetime
) -> list[bool]:
    """Record `stages` in the caller's transaction; return for each whether it is new. Idempotent.

    A stage is identified by its lead, kind, time and reference. lifecycle.transitions then holds what
    `split_cycles` derives from all imported stages of the lead, with the version of `contract` in force at
    the time and with `backfill` in the evidence, so that no SLA clock starts and nothing is routed. Stages
    that leadops recorded itself stay. Of a stage with different values one version stays, the same in
    whatever order they come.
    """
    lock_cursor(connection)
    chosen: dict[StageKey, ImportedStage] = {}
    for stage in stages:
        chosen[_key(stage)] = min(chosen.get(_key(stage), stage), stage, key=_rank)
    rows = [
        {
            "lead_id": stage.lead_id,
            "stage": stage.stage,
            "occurred_at": stage.occurred_at.isoformat(),
            "reference": stage.reference,
            "campaign": stage.campaign,
            "source": stage.source,
            "value": None if stage.value is None else str(stage.value),
            "evidence": (stage.evidence or {}) | {"backfill": True},
            "currency": None if stage.value is None else stage.currency,
        }
        for stage in chosen.values()
    ]
    upserted = queries.all(connection, "upsert_imported", UpsertedStage, rows=Jsonb(rows), now=now)
    arrange_stages(connection, {stage.lead_id for stage in stages}, contract=contract, now=now)
    new = {
        StageKey(stage.lead_id, stage.stage, stage.occurred_at, stage.reference)
        for stage in upserted
        if stage.is_new
    }
    is_new = []
    for stage in stages:
        is_new.append(_key(stage) in new)
        new.discard(_key(stage))
    return is_new


def arrange_stages(
    connection: Connection, leads: Collection[int], *, contract: KpiContract, now: datetime
) -> None:
    """Derive lifecycle.transitions from the imported stages of `leads` and their first contact."""
    if not leads:
        return
    lock_cursor(connection)
    lead_ids = sorted(leads)
    stages: dict[int, list[ImportedStage]] = defaultdict(list)
    for stage in queries.all(connection, "list_imported", ImportedStage, leads=lead_ids):
        stages[stage.lead_id].append(stage)
    histories = queries.all(connection, "list_lead_histories", LeadHistory, leads=lead_ids)
    spans = contract.spans()
    value_stage = _make_valuer(connection, contract, stages.values())
    rows = Jsonb(
        [
            row
            for history in histories
            for row in _arrange(history, stages[history.lead_id], spans, value_stage)
        ]
    )
    queries.run(connection, "remove_misplaced", rows=rows, leads=lead_ids)
    if queries.run(connection, "insert_transitions", rows=rows, now=now):
        queries.run(connection, "enqueue_merge_changes", leads=lead_ids)


def restore_stages(
    connection: Connection, leads: Collection[int], *, contract: KpiContract, now: datetime
) -> None:
    """Record the imported stages of `leads` again that an earlier stage of leadops' own had replaced."""
    imported = queries.values(connection, "list_with_imports", leads=sorted(leads)) if leads else []
    arrange_stages(connection, imported, contract=contract, now=now)


def _make_valuer(
    connection: Connection, contract: KpiContract, stages: Iterable[Sequence[ImportedStage]]
) -> Callable[[ImportedStage], tuple[Decimal | None, dict[str, str]]]:
    """Return what values a stage in the company's currency, with its evidence; reads rates where needed."""
    company = contract.company_currency
    foreign = any(stage.currency not in (None, company) for those in stages for stage in those)
    rates = read_rates(connection, currency=company or "") if foreign else None

    def value_stage(stage: ImportedStage) -> tuple[Decimal | None, dict[str, str]]:
        if rates is None or stage.value is None or stage.currency in (None, company):
            return stage.value, {}
        return rates.value_deal(stage.value, stage.currency, find_month(stage.occurred_at, contract.zone))

    return value_stage


def _arrange(
    history: LeadHistory,
    stages: Sequence[ImportedStage],
    spans: Sequence[VersionSpan],
    value_stage: Callable[[ImportedStage], tuple[Decimal | None, dict[str, str]]],
) -> list[dict[str, Any]]:
    """Return the transitions of one lead as JSON-ready rows."""
    live = [(int(cycle), datetime.fromisoformat(at)) for cycle, at in history.live]
    cycles = split_cycles(stages, created_at=history.created_at, live=live)
    rows = []
    for (cycle, kind), stage in cycles.items():
        value, evidence = value_stage(stage)
        rows.append(
            {
                "lead_id": history.lead_id,
                "cycle": cycle,
                "stage": kind,
                "occurred_at": stage.occurred_at.isoformat(),
                "evidence": (stage.evidence or {}) | evidence,
                "campaign": stage.campaign or history.campaign,
                "source": stage.source or history.source,
                "value": None if value is None else str(value),
                "kpi_version": _find_version(spans, stage.occurred_at),
            }
        )
    return rows


def _find_version(spans: Sequence[VersionSpan], moment: datetime) -> str:
    return [span.version.version for span in spans if span.since is None or span.since <= moment][-1]


def _key(stage: ImportedStage) -> StageKey:
    return StageKey(stage.lead_id, stage.stage, stage.occurred_at, stage.reference)


def _rank(stage: ImportedStage) -> tuple[Any, ...]:
    """Return by which one of two versions of a stage is chosen; as in the statement upsert_imported."""
    names = (stage.source, stage.campaign)
    currency = "" if stage.value is None else stage.currency or ""
    return (stage.value is None, stage.value or 0, currency, *((name is None, name or "") for name in names))
