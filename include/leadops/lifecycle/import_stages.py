"""Records stages of the past, as a CRM's export states them; nobody is alarmed or given a lead by it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.lifecycle.imported_cycles import ImportedStage, split_cycles
from leadops.lifecycle.kpi_contract import KpiContract


def import_stages(
    connection: Connection, stages: Sequence[ImportedStage], *, contract: KpiContract, now: datetime
) -> list[bool]:
    """Record `stages` in the caller's transaction; return of each whether it is new. The same again is not.

    A stage is known by its lead, kind, moment and reference. lifecycle.transitions then holds what
    `split_cycles` makes of all that was imported of the lead, with the version of `contract` that was in
    force; evidence with `backfill`, so that no SLA clock starts and nothing is routed. What leadops saw
    itself stays. Of one stage told with different values one is kept, the same in whatever order they come.
    """
    _lock(connection)
    chosen: dict[tuple[Any, ...], ImportedStage] = {}
    for each in stages:
        chosen[_key(each)] = min(chosen.get(_key(each), each), each, key=_rank)
    rows = [
        {
            "lead_id": each.lead_id,
            "stage": each.stage,
            "occurred_at": each.occurred_at.isoformat(),
            "reference": each.reference,
            "campaign": each.campaign,
            "source": each.source,
            "value": None if each.value is None else str(each.value),
            "evidence": (each.evidence or {}) | {"backfill": True},
        }
        for each in chosen.values()
    ]
    kept = connection.execute(
        load_sql("leadops.lifecycle", "keep_imported"), {"rows": Jsonb(rows), "now": now}
    ).fetchall()
    arrange_stages(connection, {each.lead_id for each in stages}, contract=contract, now=now)
    new = {tuple(row[:4]) for row in kept if row[4]}
    answer = []
    for each in stages:
        answer.append(_key(each) in new)
        new.discard(_key(each))
    return answer


def arrange_stages(
    connection: Connection, leads: Collection[int], *, contract: KpiContract, now: datetime
) -> None:
    """Bring lifecycle.transitions in line with what was imported of `leads`, and their first contact."""
    if not leads:
        return
    _lock(connection)
    asked = {"leads": sorted(leads)}
    stages: dict[int, list[ImportedStage]] = defaultdict(list)
    for row in connection.execute(load_sql("leadops.lifecycle", "list_imported"), asked):
        stages[int(row[0])].append(ImportedStage(*row))
    facts = connection.execute(load_sql("leadops.lifecycle", "list_pasts"), asked).fetchall()
    spans = contract.spans()
    rows: list[dict[str, Any]] = []
    for lead, created_at, campaign, source, live in facts:
        own = [(int(cycle), datetime.fromisoformat(at)) for cycle, at in live]
        for (cycle, stage), each in split_cycles(stages[lead], created_at=created_at, live=own).items():
            versions = [s.version.version for s in spans if s.since is None or s.since <= each.occurred_at]
            rows.append(
                {
                    "lead_id": lead,
                    "cycle": cycle,
                    "stage": stage,
                    "occurred_at": each.occurred_at.isoformat(),
                    "evidence": each.evidence,
                    "campaign": each.campaign or campaign,
                    "source": each.source or source,
                    "value": None if each.value is None else str(each.value),
                    "kpi_version": versions[-1],
                }
            )
    values = asked | {"rows": Jsonb(rows), "now": now}
    connection.execute(load_sql("leadops.lifecycle", "drop_arranged"), values)
    if connection.execute(load_sql("leadops.lifecycle", "insert_arranged"), values).rowcount:
        connection.execute(load_sql("leadops.lifecycle", "regroup_imported"), asked)


def _lock(connection: Connection) -> None:
    """Wait until no run of qualify_leads is under way, and let none begin before the end."""
    connection.execute(load_sql("leadops.lifecycle", "insert_cursor"))
    connection.execute(load_sql("leadops.lifecycle", "lock_cursor"))


def _key(stage: ImportedStage) -> tuple[Any, ...]:
    return (stage.lead_id, stage.stage, stage.occurred_at, stage.reference)


def _rank(stage: ImportedStage) -> tuple[Any, ...]:
    """Return by which one of two tellings of a stage is chosen; as in keep_imported.sql."""
    names = (stage.source, stage.campaign)
    return (stage.value is None, stage.value or 0, *((name is None, name or "") for name in names))
