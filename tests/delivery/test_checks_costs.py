"""What is measured every minute costs what waits now, not what has ever been."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.checks import queries

ROWS = 20_000


@pytest.fixture
def past(connection: Connection) -> Connection:
    """Much that arrived long ago, much that was refused and sent again, and a little that waits."""
    for statement in (
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) select n, 5, 'fit', 'rule', 'r', now(), now(), 0, 'r'"
        " from generate_series(1, %(rows)s) as n",
        "insert into delivery.cursors values ('ma', 0, %(rows)s - 3)",
        "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (7, 'ma', 7, 0)",
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at, state)"
        " select 'crm', 'create_lead', '{}', n::text, now(), case when n < 3 then 'pending' else 'done' end"
        " from generate_series(1, %(rows)s) as n",
        "insert into delivery.dead_letters (target, kind, reference, reason, died_at, state, settled_at)"
        " select target, kind, n, 'r', now(), 'retried', now() from generate_series(1, %(rows)s) as n,"
        " (values ('ma', 'delta'), ('crm', 'effect')) as kinds (target, kind)",
    ):
        connection.execute(statement, {"rows": ROWS})
    connection.execute("analyze")
    return connection


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _steps(below)


@pytest.mark.parametrize(("name", "waiting"), [("measure_backlogs", 4), ("measure_outbox", 2)])
def test_only_what_waits_is_read(past: Connection, name: str, waiting: int) -> None:
    statement = queries.statements[name]
    row = past.execute(statement).fetchone()
    assert row
    assert row[2] == waiting

    explained = past.execute("explain (analyze, format json) " + statement).fetchone()
    assert explained
    plan = explained[0] if isinstance(explained[0], list) else json.loads(explained[0])
    read = [
        (
            step["Node Type"],
            (step["Actual Rows"] + step.get("Rows Removed by Filter", 0)) * step["Actual Loops"],
        )
        for step in _steps(plan[0]["Plan"])
        if step["Node Type"].endswith("Scan")
    ]
    assert max(rows for _, rows in read) < 100, read
