"""Which rules are in effect: a changed file is recorded with its hash, and every lead is scored again."""

from datetime import datetime
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb

from leadops.db import Connection, load_sql
from leadops.scoring.rules import RuleSet

LATEST = "select rule_set_id, hash from scoring.rule_sets order by rule_set_id desc limit 1"


def is_in_effect(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> bool:
    """Return whether `rules` under `zone` are the newest that were recorded."""
    latest = connection.execute(LATEST).fetchone()
    return latest is not None and latest[1] == rules.hash(zone)


def put_in_effect(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, now: datetime) -> int:
    """Return the id of the newest recorded rule set, after recording `rules` where they differ from it.

    A change puts every lead up for scoring, behind the live ones. The caller holds the ledger. `now` is UTC.
    """
    latest = connection.execute(LATEST).fetchone()
    digest = rules.hash(zone)
    if latest is not None and latest[1] == digest:
        return int(latest[0])
    values = {
        "hash": digest,
        "body": Jsonb(rules.body(zone)),
        "now": now,
        "reason": "the first rules" if latest is None else "the rule file or the company's zone changed",
    }
    recorded = connection.execute(load_sql("leadops.scoring", "record_rule_set"), values).fetchone()
    assert recorded is not None  # noqa: S101 - an insert that returns
    if latest is not None:
        connection.execute(load_sql("leadops.scoring", "enqueue_every_lead"))
    return int(recorded[0])
