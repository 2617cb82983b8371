"""Which rules are active: a changed file is recorded with its hash, and every lead is scored again."""

import platform
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from psycopg.types.json import Jsonb
from pydantic import ValidationError

from leadops.db import Connection
from leadops.errors import TransientError
from leadops.queries import Queries
from leadops.scoring.scoring_inbox import enqueue_every_lead
from leadops.scoring.scoring_rules import RuleSet

queries = Queries(__file__, topic="scoring_inbox")

#: An older file that somebody else put back takes effect once nobody has used the newer one for this long.
UNUSED_AFTER = timedelta(minutes=10)


class LatestRuleSet(NamedTuple):
    """The newest rules on record."""

    rule_set_id: int
    hash: str


class RecordedRuleSet(NamedTuple):
    """Rules as they were recorded."""

    hash: str
    body: dict[str, Any]


def name_source(path: Path) -> str:
    """Return the name under which this machine's rule file `path` is known."""
    return f"{platform.node()}:{path.resolve()}"


def is_active(connection: Connection, *, rules: RuleSet, zone: ZoneInfo) -> bool:
    """Return whether `rules` under `zone` are the newest that were recorded."""
    latest = queries.first(connection, "find_latest", LatestRuleSet)
    return latest is not None and latest.hash == rules.hash(zone)


def note_rules(connection: Connection, *, rules: RuleSet, zone: ZoneInfo, now: datetime, source: str) -> None:
    """Record that the file `source` holds `rules` at `now` (UTC)."""
    queries.run(connection, "note_rule_file", source=source, hash=rules.hash(zone), now=now)


def activate_rules(
    connection: Connection, *, rules: RuleSet, zone: ZoneInfo, now: datetime, source: str = ""
) -> int:
    """Return the id of the active rule set, after recording `rules` if they differ from it.

    A change puts every lead up for scoring, behind the live ones. While a rollout is half done, `rules` of a
    `source` (a file, see name_source) that is still the older one change nothing: the newer stay active as
    long as anybody else uses them, unless the file of this very source changed back. The caller holds the
    ledger, and scores by read_rules of the id that is returned. `now` is UTC.
    """
    latest = queries.first(connection, "find_latest", LatestRuleSet)
    digest = rules.hash(zone)
    is_changed = latest is None or latest.hash != digest
    is_superseded = (
        latest is not None
        and is_changed
        and queries.value(
            connection,
            "is_superseded",
            hash=digest,
            latest=latest.hash,
            source=source,
            used_since=now - UNUSED_AFTER,
        )
    )
    note_rules(connection, rules=rules, zone=zone, now=now, source=source)
    if latest is not None and (is_superseded or not is_changed):
        return latest.rule_set_id
    rule_set_id: int = queries.value(
        connection,
        "insert_rule_set",
        hash=digest,
        body=Jsonb(rules.body(zone)),
        now=now,
        reason="the first rules" if latest is None else "the rule file or the company's zone changed",
    )
    if latest is not None:
        enqueue_every_lead(connection)
    return rule_set_id


def read_rules(
    connection: Connection, rule_set_id: int, *, rules: RuleSet, zone: ZoneInfo
) -> tuple[RuleSet, ZoneInfo]:
    """Return the rules and the zone of a recorded rule set: `rules` and `zone` themselves if they are it.

    Raises TransientError when a newer leadops, which knows more kinds of rules, recorded them.
    """
    recorded = queries.first(connection, "read_rule_set", RecordedRuleSet, rule_set_id=rule_set_id)
    if recorded is None or recorded.hash == rules.hash(zone):
        return rules, zone
    try:
        return RuleSet.from_body(recorded.body, like=rules)
    except ValidationError as error:
        raise TransientError(
            "a newer leadops recorded the active rules; finish the rollout, then run this again"
        ) from error
