"""A statement for one target reads and writes nothing of another, though both know the same ids and leads."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, LiteralString

from psycopg import Rollback
from psycopg.types.json import Jsonb

import leadops.delivery
from leadops.db import Connection
from leadops.queries import Queries

TOPICS = {
    path.stem: Queries(str(path.with_suffix(".py")))
    for path in sorted(Path(leadops.delivery.__file__).parent.glob("*.sql"))
}

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)

#: What the statements are given; leads 1 to 9, and the ids "1" to "9" by which both targets know them.
VALUES: dict[str, Any] = {
    "target": "ma",
    "now": NOW,
    "lane": 0,
    "lanes": [0, 1],
    "again_lane": 1,
    "max_rows": 100,
    "batch_size": 100,
    "slice": 0,
    "slices": 1,
    "after": 5,
    "ledger_seq": 9,
    "seqs": [6, 7],
    "lead_id": 1,
    "lead_ids": [1, 2, 3],
    "external_id": "1",
    "external_ids": ["1", "2", "3"],
    "survivor": "9",
    "batch_id": 1,
    "batch_ids": [1, 2, 3],
    "is_retry": False,
    "claimed_at": None,
    "claimed_before": None,
    "since": NOW - 2 * HOUR,
    "until": NOW + HOUR,
    "again_at": NOW + HOUR,
    "reserved_since": NOW - HOUR,
    "asked_before": NOW,
    "counted_by": timedelta(minutes=15),
    "pause": MINUTE,
    "repeat_pause": MINUTE,
    "spacing": timedelta(0),
    "reason": "r",
    "word": "deleted",
    "error": "e",
    "moved": "moved",
    "there": "there",
    "only_reason": None,
    "ambiguous": "ambiguous",
    "state": "open",
    "ids": None,
    "operation": "set_fields",
    "following": [],
    "with_id": [],
    "upserting": [],
    "spaced": [],
    "any_points": True,
    "sets_totals": False,
    "address_hash": "h",
    "burst": 10,
    "rate": 1,
    "wanted": 3,
    "count": 2,
    "calls": 3,
    "granted": 3,
    "unused": 1,
    "used": 8,
    "day_limit": 90,
    "product": "generic",
    "account": "other",
    "place": "there",
    "connection": "new",
    "other_product": "generic",
    "other_account": "b",
    "other_place": "place b",
    "met_before": NOW,
    "made": [],
    "corrections": [],
}


#: Where a statement needs other values than the rest to find something.
OWN: dict[str, dict[str, Any]] = {
    "accounts.forget_other": {"connection": "old"},
    "accounts.accept_other": {"since": NOW - HOUR},
    "accounts.drop_effects": {"corrections": ["set_fields"]},
    "dead_letters.read_letters": {"after": 0},
    "presence.unalign_sharers": {"external_id": "2"},
    "presence.register_external_ids": {"lead_ids": [8], "external_ids": ["8"]},
    "presence.find_contradicted": {"there": "moved", "lead_ids": [4], "since": NOW},
    "presence.settle_found": {"there": "moved", "lead_ids": [4]},
    "totals.postpone": {"external_id": "3"},
    "totals.mark_found": {"external_id": "4"},
    "totals.record_taken": {"seqs": [6, 7, 7]},
    "totals.accept_letters": {"seqs": [6, 7, 7]},
    "totals.delete_held": {"seqs": [6, 7, 7]},
}

#: No call of the MA is open, those of the CRM are.
NO_CALLS = ("delete from delivery.batches where target = 'ma'",)
#: What has to be otherwise in the MA, or in both, for a statement to find something.
BEFORE: dict[str, Sequence[LiteralString]] = {
    "accounts.replace_unused": ("delete from delivery.external_ids where target = 'ma'",),
    "accounts.end_pause": ("update delivery.targets set paused_until = '2026-06-01', pause_reason = 'r'",),
    "build_batches.from_held": NO_CALLS,
    "build_totals.from_held": NO_CALLS,
    "build_totals.from_due": NO_CALLS,
    "build_totals.promote_batches": ("update delivery.batches set lane = 1",),
    "calls.list_blocked_rows": tuple(
        f'update delivery.batches set rows = \'[{{"external_id": "1", "seq": {seq}}}]\''
        f" where idempotency_key = '{call}'"
        for call, seq in (("ma1", 1), ("ma2", 5), ("ma3", 3), ("crm3", 0))
    ),
    "claim_calls.mark_sending": ("delete from delivery.refused_operations where target = 'ma'",),
    "presence.find_recreatable": (
        "update delivery.held_deltas set lead_id = 2",
        "update scoring.ledger set is_live = true",
    ),
}

#: The tables whose rows are of a target.
TABLES = (
    "accounts",
    "batches",
    "call_counts",
    "cursors",
    "dead_letters",
    "external_ids",
    "found_leads",
    "held_deltas",
    "outbox",
    "quotas",
    "refused_operations",
    "targets",
    "totals",
)

#: They add a row, and look for none.
INSERTS = {
    "accounts.insert_record",
    "build_batches.insert_cursor",
    "calls.insert_effect",
    "dead_letters.insert_delta",
    "dead_letters.insert_effect",
    "targets.insert_target",
    "targets.add_outcomes",
}

WORLD = (
    "insert into delivery.external_ids (target, lead_id, external_id, learned_at, state, changed_at, reason)"
    " values (%(t)s, 1, '1', %(now)s, 'present', null, null),"
    " (%(t)s, 2, '2', %(past)s, 'gone', %(past)s, 'd'),"
    " (%(t)s, 3, '3', %(now)s, 'unaligned', %(past)s, null),"
    " (%(t)s, 4, '4', %(now)s, 'unaligned', %(past)s, 'moved'),"
    " (%(t)s, 5, '1', %(now)s, 'present', null, null),"
    " (%(t)s, 6, '6', %(now)s, 'recreating', null, null)",
    "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at, state,"
    " body, first_sent_at, not_before) values"
    " (%(t)s, 'set_fields', 1, '{}', %(t)s || 1, %(past)s, 'pending', null, null, null),"
    " (%(t)s, 'set_fields', 1, '{}', %(t)s || 2, %(past)s, 'sending', 'b', %(past)s, null),"
    " (%(t)s, 'set_fields', 1, '{}', %(t)s || 3, %(past)s, 'sending', 'b', %(past)s, %(now)s),"
    " (%(t)s, 'erase_lead', 1, '{}', %(t)s || 4, %(past)s, 'pending', null, null, null)",
    "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state, body,"
    " first_sent_at, not_before, from_seq, settled_at) values"
    " (%(t)s, 0, %(t)s || 1, 1, %(rows)s, %(past)s, 'ready', null, null, null, 1, null),"
    " (%(t)s, 0, %(t)s || 2, 1, %(rows)s, %(past)s, 'ready', 'b', %(past)s, null, 1, null),"
    " (%(t)s, 0, %(t)s || 3, 1, %(rows)s, %(past)s, 'ready', 'b', %(past)s, %(now)s, 1, null),"
    " (%(t)s, 0, %(t)s || 4, 1, %(rows)s, %(past)s, 'done', 'b', %(past)s, null, 1, %(past)s)",
    "insert into delivery.cursors values (%(t)s, 0, 2), (%(t)s, 1, 2)",
    "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (%(held)s, %(t)s, 1, 0)",
    "insert into delivery.totals (target, lead_id, external_id, seq, due_at)"
    " values (%(t)s, 1, '1', 0, %(past)s), (%(t)s, 3, '3', 0, %(past)s)",
    "insert into delivery.found_leads values (%(t)s, '9', 'h', %(now)s, null)",
    "insert into delivery.dead_letters (target, kind, reference, lead_id, points, reason, died_at)"
    " values (%(t)s, 'delta', 3, 1, 5, 'r', %(past)s), (%(t)s, 'effect', 999, 1, null, 'r', %(past)s)",
    "insert into delivery.targets (target, tokens, refilled_at, paused_until, duplicate_leads)"
    " values (%(t)s, 5, %(now)s, null, '{2}')",
    "insert into delivery.call_counts values (%(t)s, %(past)s, 7)",
    "insert into delivery.quotas (target, used, day_limit, read_at, calls_since, reserved, reserved_at,"
    " asked_at) values (%(t)s, 5, 100, %(now)s, 4, 3, %(now)s, %(past)s)",
    "insert into delivery.refused_operations"
    " values (%(t)s, 'set_fields', %(past)s, %(past)s, %(later)s, 'r')",
    "insert into delivery.accounts (target, product, account, place, since, connection, checked_at,"
    " other_product, other_account, other_place, other_connection, other_asked_at, other_at) values"
    " (%(t)s, 'generic', 'a', 'place', %(past)s, 'old', %(past)s, 'generic', 'b', 'place b', 'old', %(past)s,"
    " %(past)s)",
)


def fill(connection: Connection, target: str) -> None:
    """What the target knows: the same for each, but for the ledger row that it holds."""
    rows = Jsonb([{"external_id": "1", "seq": 1, "points": 5}])
    values = {"t": target, "held": 4 if target == "ma" else 5, "rows": rows}
    times = {"now": NOW, "past": NOW - HOUR, "later": NOW + HOUR}
    for statement in WORLD:
        connection.execute(statement, values | times)


def read_rows(connection: Connection, target: str) -> list[str]:
    """Return the rows of the target in all tables, without what is drawn at random."""
    query = " union all ".join(
        f"select '{table} ' || (to_jsonb(r) - '{{nonce,idempotency_key,batch_id}}'::text[])::text as line"
        f" from delivery.{table} as r where r.target = %(target)s"
        for table in TABLES
    )
    rows = connection.execute(f"{query} order by line".encode(), {"target": target}).fetchall()
    return [line for (line,) in rows]


def list_statements() -> Iterator[tuple[str, str]]:
    """Every statement for one target: `topic.name`, and its text."""
    for topic, queries in TOPICS.items():
        for name in queries.statements:
            statement = queries.statements[name]
            if "%(target)s" in statement and f"{topic}.{name}" not in INSERTS:
                yield f"{topic}.{name}", statement


def run_all(connection: Connection) -> tuple[dict[tuple[str, str], Any], list[str]]:
    """Run each statement for the MA: its answer and the MA's rows after it, and which found nothing.

    Each runs on what is there now, and without what the MA has in each of its tables.
    """
    outcomes, idle = {}, []
    for key, statement in list_statements():
        needed = set(re.findall(r"%\((\w+)\)s", statement))
        values = {name: value for name, value in (VALUES | OWN.get(key, {})).items() if name in needed}
        for missing in ("", *(table for table in TABLES if f"delivery.{table}" in statement)):
            with connection.transaction() as step:
                for preparation in BEFORE.get(key, ()):
                    connection.execute(preparation)
                if missing:
                    connection.execute(f"delete from delivery.{missing} where target = 'ma'".encode())
                before = read_rows(connection, "ma")
                others = read_rows(connection, "crm")
                cursor = connection.execute(statement, values)
                answer = sorted(map(str, cursor.fetchall())) if cursor.description else []
                after = read_rows(connection, "ma")
                outcomes[key, missing] = answer, after
                assert read_rows(connection, "crm") == others, f"{key} changes another target"
                if not (missing or answer) and after == before:
                    idle.append(key)
                raise Rollback(step)
    return outcomes, idle


def test_a_statement_for_one_target_leaves_the_other_alone(connection: Connection) -> None:
    for number in range(1, 8):
        connection.execute(
            "insert into identity.leads (email, created_at, first_event_seq) values (%s, %s, 1)",
            [f"{number}@x.example", NOW],
        )
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (1, 5, 'fit', 'rule', 'r', %(now)s, %(now)s, 0, 'r')",
            {"now": NOW},
        )
    fill(connection, "ma")
    alone, idle = run_all(connection)
    assert idle == [], "statements that find nothing here show nothing"
    fill(connection, "crm")
    beside, _ = run_all(connection)
    assert [key for key in alone if alone[key] != beside[key]] == []
