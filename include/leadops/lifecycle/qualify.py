"""Decides when a lead is MQL, SAL, SQL, won or lost, once per cycle, and tells the CRM of new MQLs."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.lifecycle.apply_merges import begin_regrouping, end_regrouping
from leadops.lifecycle.kpi_contract import KpiContract, KpiVersion, MqlRule


@dataclass(frozen=True)
class Qualified:
    """How many leads reached each stage in this run."""

    mql: int
    sal: int
    sql: int
    won: int
    lost: int


def qualify_leads(
    connection: Connection, *, contract: KpiContract, now: datetime, quiet: bool = False
) -> Qualified:
    """Record the stages that leads have reached, in one transaction; one run at a time, others wait for it.

    The cost grows with what is new: ledger rows since the last run, activities in lifecycle.inbox, CRM ids
    that have become known, joins and splits. An MQL occurs at `now`, the time at which sales can first know;
    the other stages at the time of the activity that completed them, and an activity that arrives late moves
    them earlier.
    With `quiet`, and for leads whose new points all come from a backfill, from history or from changed
    thresholds, the MQL is marked as backfill: it goes to the CRM in the low lane and starts no SLA clock.
    """
    with connection.transaction():
        connection.execute(load_sql("leadops.lifecycle", "insert_cursor"))
        cursor = connection.execute(load_sql("leadops.lifecycle", "lock_cursor")).fetchone()
        from_seq, thresholds = cursor or (0, None)
        reached, ended = _follow_sales(connection, contract=contract, now=now)
        mql = _find_mqls(
            connection,
            contract=contract,
            values={"now": now, "quiet": quiet, "ended": ended, "from_seq": from_seq},
            thresholds=thresholds,
        )
    return Qualified(mql, *(reached[stage] for stage in ("sal", "sql", "won", "lost")))


def _follow_sales(
    connection: Connection, *, contract: KpiContract, now: datetime
) -> tuple[Counter[str], list[int]]:
    """Read new activities; return how many leads reached each stage, and the leads whose cycle has ended."""
    values: dict[str, Any] = {"now": now, "versions": Jsonb(contract.span_rows())}
    regrouped = begin_regrouping(connection, values)
    linked = connection.execute(load_sql("leadops.lifecycle", "link_leads"), values).fetchall()
    active = connection.execute(load_sql("leadops.lifecycle", "take_activities"), values).fetchall()
    leads = sorted({int(lead_id) for (lead_id,) in linked + active} | set(regrouped))
    if not leads:
        return Counter(), []
    changed = connection.execute(
        load_sql("leadops.lifecycle", "record_facts"), values | {"leads": leads}
    ).fetchall()
    rows = connection.execute(
        load_sql("leadops.lifecycle", "record_transitions"),
        values | {"leads": [row[0] for row in changed], "cycles": [row[1] for row in changed]},
    ).fetchall()
    end_regrouping(connection, regrouped)
    reached = Counter(str(stage) for _, stage, is_new in rows if is_new)
    return reached, [int(lead_id) for lead_id, stage, _ in rows if stage in ("won", "lost")]


def _find_mqls(
    connection: Connection, *, contract: KpiContract, values: dict[str, Any], thresholds: str | None
) -> int:
    """Record the leads that pass the thresholds now; return how many are new MQLs."""
    version = contract.active_version(values["now"])
    rule = _with_total_in_force(connection, version, now=values["now"])
    wanted = f"{version.version} {rule.fit} {rule.behaviour} {rule.again_behaviour}"
    if rule.total is not None:
        wanted += f" {rule.total}"
    horizon = connection.execute(load_sql("leadops.lifecycle", "read_horizon")).fetchone()
    values = values | rule.model_dump() | {"version": version.version, "thresholds": wanted}
    values["to_seq"] = horizon[0] if horizon else values["from_seq"]
    values["rescan"] = thresholds is not None and thresholds != wanted
    made = connection.execute(load_sql("leadops.lifecycle", "record_mqls"), values).rowcount
    connection.execute(load_sql("leadops.lifecycle", "move_cursor"), values)
    return made


def _with_total_in_force(connection: Connection, version: KpiVersion, *, now: datetime) -> MqlRule:
    """Return the rule of `version` with the total that lifecycle.thresholds has put into its place."""
    found = connection.execute(
        load_sql("leadops.lifecycle", "read_total"), {"version": version.version, "now": now}
    ).fetchone()
    if found is None or found[0] is None:
        return version.mql
    return version.mql.model_copy(update={"total": found[0]})
