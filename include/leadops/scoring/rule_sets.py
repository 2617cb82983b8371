"""Which rules are in effect: a changed file is recorded with its hash, and every lead is scored again."""

import platform
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.db import Connection, load_sql
from leadops.errors import TransientError
from leadops.scoring.rules import RuleSet

LATEST = "select rule_set_id, hash from scoring.rule_sets order by rule_set_id desc limit 1"

#: An older file that somebody else put back takes effect once nobody has used the newer one for so long.
UNUSED_AFTER = timedelta(minutes=10)


def name_source(path: Path) -> str:
    """Return the name under which this machine's rule file `path` is known."""
    return f"{platform.node()}:{path.resolve()}"


def is_in_effect(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> bool:
    """Return whether `rules` under `zone` are the newest that were recorded."""
    latest = connection.execute(LATEST).fetchone()
    return latest is not None and latest[1] == rules.hash(zone)


def note_rules(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, now: datetime, source: str) -> None:
    """Keep on record that the file `source` holds `rules` at `now` (UTC)."""
    values = {"source": source, "hash": rules.hash(zone), "now": now}
    connection.execute(load_sql("leadops.scoring", "note_rule_file"), values)


def put_in_effect(
    connection: Connection, *, rules: RuleSet, zone: ZoneInfo, now: datetime, source: str = ""
) -> int:
    """Return the id of the rule set in effect, after recording `rules` where they differ from it.

    A change puts every lead up for scoring, behind the live ones. While a rollout is half done, `rules` of a
    `source` (a file, see name_source) that still is the older one change nothing: the newer stay in effect as
    long as anybody else uses them, unless the file of this very source changed back. The caller holds the
    ledger, and scores by read_rules of what is returned. `now` is UTC.
    """
    latest = connection.execute(LATEST).fetchone()
    digest = rules.hash(zone)
    if latest is not None and latest[1] != digest:
        values = {
            "hash": digest,
            "latest": latest[1],
            "source": source,
            "used_since": now - UNUSED_AFTER,
        }
        found = connection.execute(load_sql("leadops.scoring", "is_superseded"), values).fetchone()
        if found and found[0]:
            note_rules(connection, rules=rules, zone=zone, now=now, source=source)
            return int(latest[0])
    note_rules(connection, rules=rules, zone=zone, now=now, source=source)
    if latest is not None and latest[1] == digest:
        return int(latest[0])
    recorded = connection.execute(
        load_sql("leadops.scoring", "record_rule_set"),
        {
            "hash": digest,
            "body": Jsonb(rules.body(zone)),
            "now": now,
            "reason": "the first rules" if latest is None else "the rule file or the company's zone changed",
        },
    ).fetchone()
    assert recorded is not None  # noqa: S101 - an insert that returns
    if latest is not None:
        connection.execute(load_sql("leadops.scoring", "enqueue_every_lead"))
    return int(recorded[0])


def read_rules(
    connection: Connection, rule_set_id: int, *, rules: RuleSet, zone: ZoneInfo
) -> tuple[RuleSet, ZoneInfo]:
    """Return the rules and the zone of a recorded rule set: `rules` and `zone` themselves where they are it.

    Raises TransientError where they were recorded by a newer leadops that knows more kinds of rules.
    """
    found = connection.execute(
        "select hash, body from scoring.rule_sets where rule_set_id = %s", [rule_set_id]
    ).fetchone()
    if found is None or found[0] == rules.hash(zone):
        return rules, zone
    try:
        return RuleSet.from_body(found[1], like=rules)
    except ValidationError as error:
        raise TransientError(
            "the rules in effect were recorded by a newer leadops; finish the rollout"
        ) from error
