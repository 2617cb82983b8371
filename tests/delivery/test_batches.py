"""A batch on record: its body, which are due and in which order, and what settles it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection, connect
from leadops.delivery.batches import (
    BatchState,
    DeltaBatch,
    close_batch,
    count_idle_batches,
    encode_updates,
    find_next_batch_retry,
    lock_due_batches,
    parse_ledger_seq,
    purge_batches,
    shrink_batch,
    split_batch,
)
from leadops.lanes import Lane

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONE, TWO = ({"deltaId": f"i-{number}", "leadId": 7, "delta": 5, "reason": "r"} for number in (1, 2))


def insert(connection: Connection, key: str, **columns: Any) -> None:
    row = {
        "target": "ma", "lane": 0, "idempotency_key": key, "deltas": 1, "body": encode_updates([ONE]),
        "created_at": NOW, "state": "ready", "attempts": 0, "not_before": None, "settled_at": None,
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


def test_one_update_has_the_body_of_one_lead_and_several_are_a_list() -> None:
    assert json.loads(encode_updates([ONE])) == ONE
    assert json.loads(encode_updates([ONE, TWO])) == {"updates": [ONE, TWO]}
    batch = DeltaBatch(1, "k", 2, encode_updates([ONE, TWO]), 0, NOW)
    assert batch.updates() == [ONE, TWO]
    assert DeltaBatch(1, "k", 1, encode_updates([ONE]), 0, NOW).updates() == [ONE]


@pytest.mark.parametrize(("delta_id", "seq"), [("i-7", 7), ("an-installation-12", 12)])
def test_the_ledger_row_is_the_last_part_of_a_delta_id(delta_id: str, seq: int) -> None:
    assert parse_ledger_seq(delta_id) == seq


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


def test_what_another_process_has_is_neither_locked_nor_idle(
    connection: Connection, database_url: str
) -> None:
    for key in ("a", "b", "c"):
        insert(connection, key)
    insert(connection, "failed", not_before=NOW + MINUTE)
    connection.commit()
    with connect(database_url) as other:
        assert keys(lock(other, limit=1)) == ["a"]
        assert keys(lock(connection)) == ["b", "c"]
        connection.rollback()
        assert count_idle_batches(connection, target="ma", lane=Lane.LIVE, limit=10) == 2
        assert count_idle_batches(connection, target="ma", lane=Lane.LIVE, limit=1) == 1


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
    insert(connection, "whole", lane=1, deltas=2, body=encode_updates([ONE, TWO]))
    (batch,) = lock(connection, lane=Lane.BACKFILL)
    split_batch(connection, batch, [[ONE], [TWO]], now=NOW + MINUTE)
    shrink_batch(connection, batch, [TWO])
    found = lock(connection, lane=Lane.BACKFILL)
    assert [(one.deltas, one.updates(), one.created_at) for one in found] == [
        (1, [TWO], NOW),
        (1, [ONE], NOW + MINUTE),
        (1, [TWO], NOW + MINUTE),
    ]
    assert found[0].idempotency_key == "whole"
    assert len(set(keys(found))) == 3


def test_the_longest_settled_go_first_and_open_ones_never(connection: Connection) -> None:
    insert(connection, "open", created_at=NOW - 9 * MINUTE)
    for key, minutes in (("b", 2), ("a", 3), ("c", 1)):
        insert(connection, key, state="dropped", settled_at=NOW - minutes * MINUTE)
    assert purge_batches(connection, before=NOW - MINUTE, max_rows=1) == 1
    assert purge_batches(connection, before=NOW - MINUTE, max_rows=9) == 1
    rows = connection.execute("select idempotency_key from delivery.batches order by 1").fetchall()
    assert rows == [("c",), ("open",)]
