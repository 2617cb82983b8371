"""What is on its way and what was settled, counted by hand."""

from datetime import UTC, datetime, timedelta

from leadops.db import Connection, connect
from leadops.delivery.dead_letters import DeadLetterCount, count_dead_letters, read_dead_letters
from leadops.delivery.delivery_states import CallCount, count_open_calls, count_settled_calls

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    """Return the moment that many minutes before noon."""
    return NOON - timedelta(minutes=minutes)


def add_batch(
    connection: Connection, state: str, *, deltas: int, age: float, tries: int = 1, ended: float | None = None
) -> None:
    connection.execute(
        "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state,"
        " attempts, settled_at) values ('ma', 0, gen_random_uuid()::text, %s, '[]', %s, %s, %s, %s)",
        [deltas, at(age), state, tries, None if ended is None else at(ended)],
    )


def add_effect(
    connection: Connection,
    operation: str,
    state: str,
    *,
    age: float,
    target: str = "crm",
    tries: int = 0,
    ended: float | None = None,
) -> None:
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, attempts, settled_at) values (%s, %s, 1, '{}', gen_random_uuid()::text, %s, %s, %s, %s)",
        [target, operation, at(age), state, tries, None if ended is None else at(ended)],
    )


def test_what_is_on_its_way_by_target_operation_and_state(connection: Connection) -> None:
    add_batch(connection, "ready", deltas=40, age=5, tries=3)
    add_batch(connection, "ready", deltas=2, age=1)
    add_batch(connection, "done", deltas=99, age=9, ended=8)
    add_effect(connection, "create_lead", "pending", age=30, tries=2)
    add_effect(connection, "create_lead", "pending", age=20)
    add_effect(connection, "create_lead", "sending", age=2, tries=1)
    add_effect(connection, "upsert_lead", "pending", age=1, target="ma")
    add_effect(connection, "set_owner", "done", age=60, ended=59)
    assert count_open_calls(connection) == [
        CallCount("crm", "create_lead", "pending", 2, None, at(30), 2),
        CallCount("crm", "create_lead", "sending", 1, None, at(2), 1),
        CallCount("ma", "score changes", "ready", 2, 42, at(5), 3),
        CallCount("ma", "upsert_lead", "pending", 1, None, at(1), 0),
    ]


def test_what_was_settled_since_a_moment_and_nothing_that_goes_out_again(connection: Connection) -> None:
    add_batch(connection, "done", deltas=40, age=50, ended=10)
    add_batch(connection, "done", deltas=7, age=50, ended=60)
    add_batch(connection, "dead", deltas=1, age=50, ended=5, tries=4)
    add_effect(connection, "create_lead", "done", age=90, ended=60)
    add_effect(connection, "create_lead", "done", age=90, ended=60.001)
    add_effect(connection, "set_owner", "dead", age=40, ended=9, tries=2)
    add_effect(connection, "set_owner", "dropped", age=40, ended=8)
    # A dead letter that was retried: it was settled once, and waits again.
    add_effect(connection, "set_owner", "pending", age=40, ended=7)
    assert count_settled_calls(connection, since=at(60)) == [
        CallCount("crm", "create_lead", "done", 1, None, at(60), 0),
        CallCount("crm", "set_owner", "dead", 1, None, at(9), 2),
        CallCount("crm", "set_owner", "dropped", 1, None, at(8), 0),
        CallCount("ma", "score changes", "dead", 1, 1, at(5), 4),
        CallCount("ma", "score changes", "done", 2, 47, at(60), 1),
    ]


def test_dead_letters_are_read_by_state_and_page_while_another_holds_them(
    connection: Connection, database_url: str
) -> None:
    for number in range(5):
        connection.execute(
            "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at, state)"
            " values (%s, 'effect', %s, 7, 'HTTP 400', %s, %s)",
            ["ma" if number == 3 else "crm", number, at(number), "dropped" if number == 4 else "open"],
        )
    connection.commit()
    assert count_dead_letters(connection) == [
        DeadLetterCount("crm", 3, at(2)),
        DeadLetterCount("ma", 1, at(3)),
    ]
    connection.execute("select from delivery.dead_letters for update")
    with connect(database_url) as other:
        other.execute("set lock_timeout = '100ms'")
        letters = read_dead_letters(other)
        assert [letter.reference for letter in letters] == [0, 1, 2, 3]
        page = read_dead_letters(other, target="crm", after=letters[0].dead_letter_id, max_rows=1)
        assert [letter.reference for letter in page] == [1]
        assert [letter.reference for letter in read_dead_letters(other, state="dropped")] == [4]
        assert read_dead_letters(other, target="'; drop") == []
