"""Each metric of the database has the value that its rows say, by hand; none says anything of a person."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from leadops.db import Connection
from leadops.incidents.kinds import KINDS
from leadops.metrics.database_metrics import HOPS, DatabaseMetrics
from leadops.metrics.database_state import DatabaseState, read_database_state
from leadops.metrics.known_metrics import ALWAYS, FROM_DATABASE
from leadops.migrations.rights import Part
from tests.metrics.metrics_world import NOW, PERSONAL, fill_metrics_world
from tests.roles import as_role

Values = dict[str, dict[tuple[str, ...], float]]


def read(url: str) -> DatabaseState:
    """Read as the gateway does, with its rights."""

    async def run() -> DatabaseState:
        async with await psycopg.AsyncConnection.connect(as_role(url, Part.GATEWAY)) as connection:
            return await read_database_state(connection, now=NOW)

    return asyncio.run(run())


def write(state: DatabaseState | None) -> str:
    return generate_latest(DatabaseMetrics(state, read_seconds=0.25)).decode()


def parse(text: str) -> Values:
    """The values of each metric by those of its labels, in the order of the labels' names."""
    values: Values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            values.setdefault(sample.name, {})[labels] = sample.value
    return values


def test_each_metric_has_the_value_of_its_rows(connection: Connection, database_url: str) -> None:
    fill_metrics_world(connection)
    text = write(read(database_url))
    values = parse(text)
    assert not [word for word in PERSONAL if word in text]
    none = {(hop, lane): 0.0 for hop in HOPS for lane in ("live", "backfill")}
    assert values["leadops_hop_waiting"] == none | {
        ("resolve", "live"): 2,
        ("resolve", "backfill"): 1,
        ("score", "live"): 2,
        ("score", "backfill"): 1,
        ("queue", "live"): 1,
        ("queue", "backfill"): 1,
        ("send", "live"): 7,
        ("hold", "live"): 1,
    }
    assert values["leadops_hop_oldest_age_seconds"] == none | {
        ("resolve", "live"): 120,
        ("resolve", "backfill"): 600,
        ("score", "live"): 540,
        ("queue", "live"): 500,
        ("queue", "backfill"): 300,
        ("send", "live"): 540,
        ("hold", "live"): 530,
    }
    # Of the live rows: arrived 600, 600 and 540 s ago, in the ledger 540, 530 and 500 s ago: 60, 70 and 40 s.
    # Settled 100 and 80 s ago after 540 s in the ledger: 440 and 460 s; 0.95 of the way between is 459.
    assert values["leadops_hop_recent_seconds"] == pytest.approx(
        {("score", "0.5"): 60, ("score", "0.95"): 69, ("send", "0.5"): 450, ("send", "0.95"): 459}
    )
    assert values["leadops_outbox_waiting"] == {
        ("live", "crm"): 2, ("backfill", "crm"): 0, ("live", "ma"): 0, ("backfill", "ma"): 0,
    }  # fmt: skip
    assert values["leadops_outbox_oldest_age_seconds"][("live", "crm")] == 240
    assert values["leadops_outbox_recent_seconds"] == {("0.5", "ma"): 180, ("0.95", "ma"): 180}
    assert values["leadops_last_event_timestamp_seconds"] == {(): NOW.timestamp() - 60}
    assert values["leadops_quarantine_waiting"] == {
        ("event", "invalid_ts"): 2, ("event", "known_bot"): 1, ("form", "invalid_email"): 1,
    }  # fmt: skip
    assert values["leadops_calls_total"] == {("answered", "ma"): 41, ("unknown", "ma"): 1}
    assert values["leadops_target_day_calls"] == {("ma",): 42, ("crm",): 0}
    assert values["leadops_target_day_limit"] == {("crm",): 5000}
    assert values["leadops_target_used_up"] == {("ma",): 0, ("crm",): 1}
    assert values["leadops_target_paused"] == {("ma",): 1, ("crm",): 0}
    assert values["leadops_dead_letters_open"] == {("ma",): 1, ("crm",): 0}
    assert values["leadops_delivery_on_hold"] == {(): 1}
    assert values["leadops_feed_age_seconds"] == {("activities",): 90}
    incidents = values["leadops_incidents_open"]
    assert set(incidents) == {(kind.name, kind.severity) for kind in KINDS.values()}
    assert {labels[0]: value for labels, value in incidents.items() if value} == {
        "ma_backlog": 1,
        "sla_breach": 2,
    }
    assert values["leadops_last_success_timestamp_seconds"] == {
        ("score_leads", ""): NOW.timestamp() - 60,
        ("score_leads", "push"): NOW.timestamp() - 120,
    }
    assert values["leadops_successes_total"] == {("score_leads", ""): 12, ("score_leads", "push"): 13}
    assert values["leadops_live_lanes"] == {(): 2}
    assert values["leadops_live_lag_seconds"] == {(): 0.75}
    assert values["leadops_live_last_success_timestamp_seconds"] == {(): NOW.timestamp() - 30}
    assert values["leadops_canary_hop_seconds"] == {("collect",): 0, ("score",): 60}
    assert values["leadops_canary_hop_waiting_seconds"] == {("collect",): 0, ("score",): 120}
    assert values["leadops_canary_last_success_timestamp_seconds"] == {
        ("collect",): NOW.timestamp() - 120,
        ("score",): NOW.timestamp() - 360,
    }
    assert values["leadops_database_up"] == {(): 1}
    assert values["leadops_database_read_seconds"] == {(): 0.25}
    assert set(values) == {metric.name for metric in (*ALWAYS, *FROM_DATABASE)}


def test_an_empty_database_and_one_that_is_away(database_url: str) -> None:
    values = parse(write(read(database_url)))
    assert set(values["leadops_hop_waiting"].values()) == {0.0}
    assert set(values["leadops_outbox_oldest_age_seconds"].values()) == {0.0}
    assert "leadops_last_event_timestamp_seconds" not in values
    assert parse(write(None)) == {"leadops_database_up": {(): 0}, "leadops_database_read_seconds": {(): 0.25}}


#: Rows of each table that may grow without end.
MANY = 60_000
GROWN = (
    "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
    " select n::text, 'page_view', %(now)s, %(now)s - n * interval '1 second', '{}', 'claim' from many",
    "insert into scoring.ledger"
    " (lead_id, points, dimension, kind, rule, event_seq, occurred_at, recorded_at, lane, reason)"
    " select n, 1, 'behaviour', 'rule', 'r', n, %(now)s, %(now)s, 0, 'r' from many",
    "insert into delivery.cursors values ('ma', 0, MANY - 100), ('ma', 1, MANY - 100)",
    "insert into delivery.batches"
    " (target, lane, idempotency_key, from_seq, deltas, rows, created_at, state, settled_at) select"
    " 'ma', 0, n::text, n, 1, '[]', %(now)s, 'done', %(now)s - n * interval '1 second' from many",
    "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at, state,"
    " settled_at) select 'crm', 'create_lead', n, '{}', n::text, %(now)s, 'done',"
    " %(now)s - n * interval '1 second' from many",
    "insert into cdp.quarantine (received_at, reason, detail, body, proof, state)"
    " select %(now)s, 'invalid_ts', '', n::text, 'claim',"
    " case when n %% 2 = 0 then 'waiting' else 'dropped' end from many",
    "insert into delivery.dead_letters (target, kind, reference, reason, died_at, state)"
    " select 'ma', 'effect', n, 'r', %(now)s, 'dropped' from many",
    "insert into incidents.incidents (kind, subject, state, opened_at, seen_at, facts)"
    " select 'sla_breach', n::text, 'resolved', %(now)s, %(now)s, '{}' from many",
)
#: The tables that are small, whatever happens.
SMALL = {"targets", "quotas", "call_outcomes", "call_counts", "heartbeats", "feeds", "holds", "cursors"}


def test_no_statement_reads_a_table_that_grows_from_one_end_to_the_other(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = f"with many as (select n from generate_series(1, {MANY}) as n) "
    for statement in GROWN:
        text = statement.replace("MANY", str(MANY))
        connection.execute(
            ((many if "many" in text else "") + text).encode(), {"now": NOW} if "%(now)s" in text else None
        )
    connection.execute("analyze")
    asked = list_asked(monkeypatch)
    assert len(asked) == 14
    for statement, values in asked:
        scans = find_large_reads(connection, statement, values)
        assert not scans, f"{statement}\nreads {scans}"


def list_asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """The statements of a reading, with their values."""
    asked: list[tuple[str, dict[str, Any]]] = []

    class Recorder:
        def __init__(self, queries: Any) -> None:
            self._statements = queries.statements

        async def value_async(self, _: Any, name: str, /, **values: Any) -> None:
            asked.append((self._statements[name], values))

        async def one_async(self, _: Any, name: str, __: Any, /, **values: Any) -> None:
            asked.append((self._statements[name], values))

        async def all_async(self, _: Any, name: str, __: Any, /, **values: Any) -> list[Any]:
            asked.append((self._statements[name], values))
            return []

    from leadops.metrics import database_state

    monkeypatch.setattr(database_state, "queries", Recorder(database_state.queries))
    asyncio.run(read_database_state(None, now=NOW))  # type: ignore[arg-type]
    return asked


def find_large_reads(connection: Connection, statement: str, values: dict[str, Any]) -> dict[str, int]:
    """The tables of which a statement looks at more rows than it may count, by how many."""
    row = connection.execute(f"explain (analyze, format json) {statement}".encode(), values).fetchone()
    assert row
    read, nodes = dict[str, int](), [row[0][0]["Plan"]]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        table = node.get("Relation Name")
        if table and table not in SMALL:
            rows = (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"]
            read[table] = read.get(table, 0) + round(rows)
    return {table: rows for table, rows in read.items() if rows > 11_000}


def test_what_waits_as_it_should_is_not_late(connection: Connection, database_url: str) -> None:
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
        " values ('ma', 'enrol_lead', 1, '{}', 'message', %(old)s),"
        " ('ma', 'enrol_lead', 4, '{}', 'overdue message', %(late)s),"
        " ('crm', 'change_owner', 2, '{}', 'gone', %(old)s),"
        " ('crm', 'create_task', 3, '{}', 'no right', %(old)s),"
        " ('crm', 'change_owner', 3, '{}', 'late', %(late)s)",
        {"old": NOW - timedelta(hours=5), "late": NOW - timedelta(minutes=3)},
    )
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, state, learned_at)"
        " values ('crm', 2, 'x', 'gone', %(now)s), ('crm', 3, 'y', 'present', %(now)s),"
        " ('ma', 4, 'z', 'present', %(now)s)",
        {"now": NOW},
    )
    connection.execute(
        "insert into delivery.refused_operations (target, operation, reason, since, refused_at, until)"
        " values ('crm', 'create_task', '403', %(now)s, %(now)s, %(now)s)",
        {"now": NOW},
    )
    connection.commit()
    values = parse(write(read(database_url)))
    waiting, age = values["leadops_outbox_waiting"], values["leadops_outbox_oldest_age_seconds"]
    assert [(waiting[place], age[place]) for place in (("live", "ma"), ("live", "crm"))] == [
        (2, 180),
        (3, 180),
    ]
