"""A batch on record: its rows, which are due and in which order, and what settles it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection, connect
from leadops.delivery.batches import (
    BatchState,
    DeltaBatch,
    close_batch,
    decode_rows,
    encode_rows,
    find_next_batch_retry,
    lock_due_batches,
    release_batches,
    shrink_batch,
    split_batch,
)
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.removal import purge_batches
from leadops.lanes import Lane
from leadops.products.product_rows import ScoreRow
from tests.delivery_fixture import GENERIC

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONE, TWO = (ScoreRow(number, 3, "7", 5, "r", f"i-{number}") for number in (1, 2))


def insert(connection: Connection, key: str, **columns: Any) -> None:
    row = {
        "target": "ma", "lane": 0, "idempotency_key": key, "deltas": 1, "nonce": "i",
        "rows": encode_rows([ONE]), "request": "{}", "body": "{}",
        "created_at": NOW, "first_sent_at": NOW, "state": "ready",
        "attempts": 0, "not_before": None, "settled_at": None,
    } | columns  # fmt: skip
    names = ", ".join(row)
    connection.execute(
        f"insert into delivery.batches ({names}) values ({', '.join(['%s'] * len(row))})".encode(),
        list(row.values()),
    )


def keys(batches: list[DeltaBatch]) -> list[str]:
    return [batch.idempotency_key for batch in batches]


def lock(connection: Connection, *, limit: int = 10, lane: Lane = Lane.LIVE) -> list[DeltaBatch]:
    return lock_due_batches(connection, target="ma", lane=lane, limit=limit, now=NOW)


def test_rows_come_back_as_they_were_and_the_nonce_names_them() -> None:
    text = ScoreRow(3, 4, "00Q5e", -5, 'it"s 日本', "n-3", is_duplicate=True)
    assert decode_rows(encode_rows([ONE, TWO]), nonce="i") == (ONE, TWO)
    assert decode_rows(encode_rows([text]), nonce="n") == (text,)
    assert decode_rows(encode_rows([ONE]), nonce="another") == (ONE._replace(delta_id="another-1"),)
    # As the database builds them.
    built = '[{"seq": 1, "lead_id": 3, "external_id": "7", "points": 5, "reason": "r"}]'
    assert decode_rows(built, nonce="i") == (ONE,)


def test_new_ones_go_in_order_and_failed_ones_once_they_are_due(connection: Connection) -> None:
    insert(connection, "new-1")
    insert(connection, "late", not_before=NOW + MINUTE)
    insert(connection, "due-second", not_before=NOW)
    insert(connection, "due-first", not_before=NOW - MINUTE)
    insert(connection, "new-2")
    insert(connection, "backfill", lane=1)
    insert(connection, "crm", target="crm")
    insert(connection, "done", state="done", settled_at=NOW)
    assert keys(lock(connection)) == ["new-1", "new-2", "due-first", "due-second"]
    assert keys(lock(connection, lane=Lane.BACKFILL)) == ["backfill"]
    assert find_next_batch_retry(connection, target="ma") == NOW - MINUTE
    assert find_next_batch_retry(connection, target="crm") is None


def test_what_another_process_has_is_not_locked(connection: Connection, database_url: str) -> None:
    for key in ("a", "b", "c"):
        insert(connection, key)
    insert(connection, "failed", not_before=NOW + MINUTE)
    connection.commit()
    with connect(database_url) as other:
        assert keys(lock(other, limit=1)) == ["a"]
        assert keys(lock(connection)) == ["b", "c"]


@pytest.mark.parametrize(("state", "settled_at"), [(BatchState.READY, None), (BatchState.DONE, NOW)])
def test_only_a_final_state_settles_it(
    connection: Connection, state: BatchState, settled_at: datetime | None
) -> None:
    insert(connection, "a", attempts=2)
    (batch,) = lock(connection)
    close_batch(connection, batch, state=state, now=NOW, error="why", not_before=NOW + MINUTE)
    row = connection.execute(
        "select state, attempts, settled_at, not_before, error from delivery.batches"
    ).fetchall()
    assert row == [(state, 3, settled_at, NOW + MINUTE, "why")]


def test_parts_are_new_batches_of_the_same_lane_and_a_shrunk_one_keeps_its_key(
    connection: Connection,
) -> None:
    insert(connection, "whole", lane=1, deltas=2, rows=encode_rows([ONE, TWO]))
    (batch,) = lock(connection, lane=Lane.BACKFILL)
    split_batch(connection, batch, [[ONE], [TWO]])
    shrink_batch(connection, batch, [TWO])
    later = NOW + MINUTE
    assert keys(lock(connection, lane=Lane.BACKFILL)) == ["whole"], "parts wait for their calls"
    claim_batches(connection, product=GENERIC, target="ma", lane=Lane.BACKFILL, limit=9, now=later)
    found = lock(connection, lane=Lane.BACKFILL)
    assert [one.score_rows for one in found] == [
        (TWO,),
        (ONE,),
        (TWO,),
    ]
    created = connection.execute("select distinct created_at from delivery.batches").fetchall()
    assert created == [(NOW,)], "parts are as old as the whole"
    assert [one.first_sent_at for one in found] == [NOW, later, later], "the memory of a new key counts anew"
    assert found[0].idempotency_key == "whole"
    assert len(set(keys(found))) == 3
    assert found[0].body == "{}", "the call stays as it was"
    assert '"deltaId":"i-1"' in found[1].body
    assert connection.execute("select deltas from delivery.batches").fetchall() == [(1,)] * 3


@pytest.mark.parametrize(("from_seq", "expected"), [(1, [1, 2]), (None, [None, None])])
def test_a_part_is_as_old_as_its_oldest_row_or_as_the_batch_of_held_rows(
    connection: Connection, from_seq: int | None, expected: list[int | None]
) -> None:
    insert(connection, "whole", deltas=2, rows=encode_rows([ONE, TWO]), from_seq=from_seq)
    (batch,) = lock(connection)
    split_batch(connection, batch, [[ONE], [TWO]], not_before=NOW + MINUTE, error="not yet")
    close_batch(connection, batch, state=BatchState.DROPPED, now=NOW + MINUTE)
    rows = connection.execute(
        "select from_seq, created_at, error from delivery.batches where state = 'ready' order by batch_id"
    ).fetchall()
    assert rows == [(seq, NOW, "not yet") for seq in expected]


def test_a_claim_counts_the_calls_that_are_new(connection: Connection) -> None:
    """A stored call that is claimed again is under a key that the mark knows."""
    insert(connection, "part", body=None, request=None, first_sent_at=None, not_before=NOW)
    insert(connection, "released", first_sent_at=None, not_before=NOW)
    insert(connection, "unknown", first_sent_at=NOW - MINUTE, not_before=NOW)
    counts = [
        claim_batches(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=9, now=NOW)
        for _ in range(2)
    ]
    assert counts == [1, 0]
    found = [(one.idempotency_key, one.first_sent_at) for one in lock(connection)]
    assert found == [("part", NOW), ("released", NOW), ("unknown", NOW - MINUTE)]


@pytest.mark.parametrize(
    ("columns", "is_released"),
    [({}, True), ({"attempts": 3}, True), ({"may_have_arrived": True}, False), ({"state": "done"}, False)],
)
def test_only_what_certainly_had_no_effect_is_given_back(
    connection: Connection, columns: dict[str, Any], is_released: bool
) -> None:
    insert(connection, "a")
    (batch,) = lock(connection)
    for name, value in columns.items():
        connection.execute(f"update delivery.batches set {name} = %s".encode(), [value])
    release_batches(connection, [batch])
    assert connection.execute("select first_sent_at from delivery.batches").fetchone() == (
        (None if is_released else NOW),
    )


def test_the_longest_settled_go_first_and_open_ones_never(connection: Connection) -> None:
    insert(connection, "open", created_at=NOW - 9 * MINUTE)
    for key, minutes in (("b", 2), ("a", 3), ("c", 1)):
        insert(connection, key, state="dropped", settled_at=NOW - minutes * MINUTE)
    assert purge_batches(connection, before=NOW - MINUTE, max_rows=1) == 1
    assert purge_batches(connection, before=NOW - MINUTE, max_rows=9) == 1
    rows = connection.execute("select idempotency_key from delivery.batches order by 1").fetchall()
    assert rows == [("c",), ("open",)]
