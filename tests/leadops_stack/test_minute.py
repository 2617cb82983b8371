from datetime import UTC, datetime, timedelta

from leadops.db import Connection
from leadops_stack.minute import Minute, read_first_push, read_minute

NOW = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def add_event(connection: Connection, key: str, received_at: datetime, *, waiting: bool = False) -> None:
    [(seq,)] = connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, payload, proof)"
        " values (%s, 'page_view', %s, %s, '{}', 'write_key') returning seq",
        [key, received_at, received_at],
    ).fetchall()
    if waiting:
        connection.execute("insert into identity.inbox (event_seq) values (%s)", [seq])


def add_batch(connection: Connection, key: str, created_at: datetime, settled_at: datetime | None) -> None:
    connection.execute(
        "insert into delivery.batches"
        " (target, lane, idempotency_key, deltas, rows, created_at, state, settled_at)"
        " values ('ma', 0, %s, 3, '[]', %s, %s, %s)",
        [key, created_at, "done" if settled_at else "ready", settled_at],
    )


def add_delta(connection: Connection, recorded_at: datetime, lane: int | None = 0) -> int:
    [(seq,)] = connection.execute(
        "insert into scoring.ledger"
        " (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane, reason)"
        " values (1, 5, 'behaviour', 'rule', 'r', %s, %s, %s, 'x') returning seq",
        [recorded_at, recorded_at, lane],
    ).fetchall()
    return int(seq)


def test_an_empty_database_is_a_quiet_minute(connection: Connection) -> None:
    assert read_minute(connection, now=NOW) == Minute(0, 0, 0.0, 0)
    assert read_first_push(connection, since=ago(60)) is None


def test_what_happened_in_the_minute_is_counted(connection: Connection) -> None:
    for number, seconds in enumerate((10, 59, 61)):
        add_event(connection, f"e{number}", ago(seconds))
        add_batch(connection, f"b{number}", ago(seconds), ago(seconds))
    connection.execute(
        "insert into incidents.incidents (kind, subject, state, opened_at, seen_at, facts)"
        " values ('cdp_lag', 'cdp', 'open', %(now)s, %(now)s, '{}'),"
        " ('cdp_lag', 'b', 'resolved', %(now)s, %(now)s, '{}')",
        {"now": NOW},
    )
    assert read_minute(connection, now=NOW) == Minute(2, 6, 0.0, 1)
    assert read_first_push(connection, since=ago(60)) == ago(59)


def test_the_oldest_of_all_that_waits_is_told(connection: Connection) -> None:
    add_batch(connection, "ready", ago(100), None)
    assert read_minute(connection, now=NOW).oldest_pending_seconds == 100
    add_event(connection, "waiting", ago(200), waiting=True)
    assert read_minute(connection, now=NOW).oldest_pending_seconds == 200
    old = add_delta(connection, ago(900))
    assert read_minute(connection, now=NOW).oldest_pending_seconds == 900
    connection.execute("insert into delivery.cursors (target, lane, ledger_seq) values ('ma', 0, %s)", [old])
    add_delta(connection, ago(800), lane=None)
    add_delta(connection, ago(300))
    assert read_minute(connection, now=NOW).oldest_pending_seconds == 300
    connection.execute(
        "insert into delivery.outbox (target, operation, payload, idempotency_key, created_at)"
        " values ('crm', 'create_lead', '{}', 'k', %s)",
        [ago(400)],
    )
    assert read_minute(connection, now=NOW).oldest_pending_seconds == 400


def test_the_line_says_it_in_words() -> None:
    line = Minute(31, 12, 38.4, 1).text(NOW)
    assert line == "09:00:00  events in 31, deltas pushed 12, oldest pending 38 s, open incidents 1"
