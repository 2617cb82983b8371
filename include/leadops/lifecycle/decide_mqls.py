"""Decides which leads are new MQLs, and records them with their evidence."""

from collections.abc import Sequence
from datetime import datetime

from leadops.db import Connection
from leadops.lifecycle.kpi_contract import KpiVersion, MqlRule
from leadops.lifecycle.ledger_cursor import LedgerCursor, find_horizon, move_cursor
from leadops.lifecycle.publish import NewMql
from leadops.queries import Queries

queries = Queries(__file__)


def decide_mqls(
    connection: Connection,
    *,
    version: KpiVersion,
    cursor: LedgerCursor,
    ended: Sequence[int],
    now: datetime,
) -> list[NewMql]:
    """Record the leads that pass the thresholds of `version` now, and return them.

    Candidates are leads with ledger rows behind `cursor` and leads whose cycle has `ended`; after a change of
    the thresholds, all leads. Moves the cursor.
    """
    rule = find_rule(connection, version, now=now)
    thresholds = describe_thresholds(version, rule)
    horizon = find_horizon(connection)
    queries.run(connection, "create_new_mqls")
    queries.run(connection, "clear_new_mqls")
    passing = queries.run(
        connection,
        "decide_mqls",
        from_seq=cursor.ledger_seq,
        to_seq=horizon,
        ended=list(ended),
        rescan=cursor.thresholds not in (None, thresholds),
        fit=rule.fit,
        behaviour=rule.behaviour,
        total=rule.total,
        again_behaviour=rule.again_behaviour,
    )
    mqls = (
        queries.all(
            connection,
            "record_mqls",
            NewMql,
            from_seq=cursor.ledger_seq,
            reasons=rule.reasons,
            version=version.version,
            now=now,
        )
        if passing
        else []
    )
    move_cursor(connection, to_seq=horizon, thresholds=thresholds)
    return mqls


def find_rule(connection: Connection, version: KpiVersion, *, now: datetime) -> MqlRule:
    """Return the rule of `version`, with the total of the daily threshold that is active at `now`."""
    total = queries.value(connection, "find_total", version=version.version, now=now)
    return version.mql if total is None else version.mql.model_copy(update={"total": total})


def describe_thresholds(version: KpiVersion, rule: MqlRule) -> str:
    """Return the thresholds as text: while it stays equal, leads that failed before need no second look."""
    numbers = [rule.fit, rule.behaviour, rule.again_behaviour]
    return " ".join(map(str, [version.version, *numbers, *([] if rule.total is None else [rule.total])]))
