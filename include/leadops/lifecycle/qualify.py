"""Decides when a lead is MQL, SAL, SQL, won or lost, once per cycle, and publishes what it records."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.crm_links import link_awaited
from leadops.lifecycle.decide_mqls import decide_mqls
from leadops.lifecycle.follow_merges import begin_merges, end_merges
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.ledger_cursor import lock_cursor
from leadops.lifecycle.publish import Subscription, publish_facts, publish_mqls
from leadops.lifecycle.sales_facts import RecordedStage, record_facts, record_stages, take_activities


@dataclass(frozen=True)
class QualificationResult:
    """How many leads reached each stage in this run."""

    mql: int
    sal: int
    sql: int
    won: int
    lost: int


def qualify_leads(
    connection: Connection,
    *,
    contract: KpiContract,
    subscribers: Sequence[Subscription],
    now: datetime,
    fold_case: bool,
) -> QualificationResult:
    """Record the stages that leads have reached, in one transaction; concurrent runs wait for each other.

    The cost grows with what is new: ledger rows since the last run, activities in lifecycle.inbox, new CRM
    ids, merges and splits. An MQL occurs at `now`, when sales can first know; other stages occur at the time
    of the activity that completed them, and an activity that arrives late moves them earlier. An MQL whose
    new points all come from a backfill, from history or from changed thresholds is marked as backfill.
    With `fold_case` campaigns and sources that differ only in case are one (company.yaml).
    `subscribers` act on the new MQLs, facts and merges in the same transaction.
    """
    with connection.transaction():
        cursor = lock_cursor(connection)
        stages = _follow_sales(connection, contract=contract, subscribers=subscribers, now=now)
        mqls = decide_mqls(
            connection,
            version=contract.active_version(now),
            cursor=cursor,
            ended=[stage.lead_id for stage in stages if stage.stage in ("won", "lost")],
            now=now,
            fold_case=fold_case,
        )
        publish_mqls(connection, subscribers, mqls, now=now)
    counts = Counter(stage.stage for stage in stages if stage.is_new)
    return QualificationResult(len(mqls), *(counts[stage] for stage in ("sal", "sql", "won", "lost")))


def _follow_sales(
    connection: Connection, *, contract: KpiContract, subscribers: Sequence[Subscription], now: datetime
) -> list[RecordedStage]:
    """Read new activities and apply merges; return the stages that are new or changed."""
    versions = Jsonb(contract.span_rows())
    merged = begin_merges(connection, versions=versions, subscribers=subscribers, now=now)
    linked = link_awaited(connection, now=now)
    active = take_activities(connection, now=now)
    leads = sorted({*linked, *active, *merged})
    if not leads:
        return []
    cycles = record_facts(connection, leads, versions=versions, now=now)
    publish_facts(connection, subscribers, cycles, now=now)
    stages = record_stages(connection, cycles, versions=versions, deal_value=contract.deal_value, now=now)
    end_merges(connection, merged)
    return stages
