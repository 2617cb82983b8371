"""Which calls are due, closed, blocked and counted: each row is one case, or its neighbour."""

from datetime import datetime
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.batches import queries
from tests.delivery.rows import (
    HOUR,
    MINUTE,
    NOW,
    SECOND,
    add,
    add_all,
    ask,
    ask_first,
    call_rows,
    select,
)

pytestmark = pytest.mark.uncommitted

#: A call that is claimed now, of a process that takes over what was claimed an hour ago.
CLAIM: dict[str, Any] = {"claimed_at": NOW, "claimed_before": NOW - HOUR}
ANY: dict[str, Any] = {"claimed_at": None, "claimed_before": None}


def test_effects_that_are_due(connection: Connection) -> None:
    sending = {"state": "sending", "body": "b", "first_sent_at": NOW}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1} | sending,
        {"outbox_id": 2} | sending | {"first_sent_at": NOW - HOUR},
        {"outbox_id": 3} | sending | {"first_sent_at": NOW - HOUR + SECOND},
        {"outbox_id": 4} | sending | {"first_sent_at": None},
        {"outbox_id": 5} | sending | {"body": None},
        {"outbox_id": 6} | sending | {"state": "pending", "not_before": None},
        {"outbox_id": 7} | sending | {"target": "ma"},
        {"outbox_id": 8} | sending | {"lane": 1},
        {"outbox_id": 9} | sending | {"not_before": NOW, "first_sent_at": NOW - MINUTE},
        {"outbox_id": 10} | sending | {"not_before": NOW + SECOND},
        {"outbox_id": 11} | sending | {"not_before": NOW - HOUR},
        {"outbox_id": 12} | sending | {"not_before": NOW - HOUR},
        {"outbox_id": 13, "target": "ma", "state": "sending", "not_before": NOW - 3 * HOUR},
        {"outbox_id": 14, "state": "done", "not_before": NOW - 3 * HOUR},
    )

    def due(is_retry: bool, claim: dict[str, Any], max_rows: int = 99) -> list[int]:
        values = {"target": "crm", "lane": 0, "now": NOW, "is_retry": is_retry, "max_rows": max_rows}
        return ask_first(connection, queries, "lock_due_effects", **values | claim)

    assert due(False, ANY) == [1, 2, 3]
    assert due(False, CLAIM) == [1, 2]
    assert due(True, ANY) == [11, 12, 9]
    assert due(True, CLAIM, 2) == [11, 12]
    assert due(True, CLAIM) == [11, 12, 9]
    retry = "find_next_effect_retry"
    assert ask_first(connection, queries, retry, target="crm") == [NOW - HOUR]
    ask(connection, queries, "release_effects", outbox_ids=[1, 2, 6])
    connection.execute("update delivery.outbox set may_have_arrived = true where outbox_id = 3")
    ask(connection, queries, "release_effects", outbox_ids=[3])
    released = "select outbox_id from delivery.outbox where first_sent_at is null and body = 'b' order by 1"
    assert select(connection, released) == [1, 2, 4]


def test_batches_that_are_due(connection: Connection) -> None:
    sent = {"slice": 3, "slices": 2, "first_sent_at": NOW}
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1} | sent,
        {"batch_id": 2} | sent | {"first_sent_at": NOW - HOUR},
        {"batch_id": 3} | sent | {"first_sent_at": NOW - HOUR + SECOND},
        {"batch_id": 4} | sent | {"first_sent_at": None},
        {"batch_id": 5} | sent | {"slice": 2},
        {"batch_id": 6} | sent | {"state": "done"},
        {"batch_id": 7} | sent | {"target": "crm"},
        {"batch_id": 8} | sent | {"lane": 1},
        {"batch_id": 9} | sent | {"not_before": NOW, "first_sent_at": NOW - MINUTE},
        {"batch_id": 10} | sent | {"not_before": NOW + SECOND},
        {"batch_id": 11} | sent | {"not_before": NOW - HOUR},
        {"batch_id": 12} | sent | {"not_before": NOW - HOUR},
        {"batch_id": 13} | sent | {"target": "crm", "not_before": NOW - 3 * HOUR},
        {"batch_id": 14} | sent | {"state": "dead", "not_before": NOW - 3 * HOUR},
    )

    def due(is_retry: bool, claim: dict[str, Any], max_rows: int = 99) -> list[int]:
        values: dict[str, Any] = {"target": "ma", "lane": 0, "slices": 2, "slice": 1, "now": NOW}
        more = {"is_retry": is_retry, "max_rows": max_rows}
        return ask_first(connection, queries, "lock_due_batches", **values | more | claim)

    assert due(False, ANY) == [1, 2, 3]
    assert due(False, CLAIM) == [1, 2]
    assert due(True, ANY) == [11, 12, 9]
    assert due(True, CLAIM, 2) == [11, 12]
    assert due(True, CLAIM) == [11, 12, 9]
    assert ask_first(connection, queries, "find_next_batch_retry", target="ma") == [NOW - HOUR]
    ask(connection, queries, "release_batches", batch_ids=[1, 2, 6])
    connection.execute("update delivery.batches set may_have_arrived = true where batch_id = 3")
    ask(connection, queries, "release_batches", batch_ids=[3])
    released = "select batch_id from delivery.batches where first_sent_at is null order by 1"
    assert select(connection, released) == [1, 2, 4]


def test_slices_that_wait_in_the_order_of_their_oldest_batch(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1, "slice": 2},
        {"batch_id": 2, "slice": 0, "not_before": NOW},
        {"batch_id": 3, "slice": 1, "not_before": NOW + SECOND},
        {"batch_id": 4, "slice": 3, "state": "done"},
        {"batch_id": 5, "slice": 4, "lane": 1},
        {"batch_id": 6, "slice": 5, "target": "crm"},
        {"batch_id": 7, "slice": 10},
    )
    values = {"target": "ma", "lane": 0, "slices": 8, "now": NOW}
    assert ask_first(connection, queries, "list_waiting_slices", **values) == [2, 0]


def test_an_effect_is_closed_as_its_answer_says(connection: Connection) -> None:
    tried = {"attempts": 2, "nonce": "old", "body": "b", "gone_answers": 1}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "may_have_arrived": True} | tried,
        {"outbox_id": 2} | tried,
        {"outbox_id": 3, "may_have_arrived": True} | tried,
        {"outbox_id": 4} | tried,
        {"outbox_id": 5} | tried,
    )

    def close(outbox_id: int, state: str, may_have_arrived: bool) -> None:
        answer = {"tries": 1, "not_before": None, "answer": None, "error": "e", "is_gone": True, "now": NOW}
        values = {"outbox_id": outbox_id, "state": state, "may_have_arrived": may_have_arrived} | answer
        ask(connection, queries, "close_effect", **values)

    close(1, "sending", False)
    close(2, "done", True)
    close(3, "pending", True)
    close(4, "dead", False)
    rows = select(
        connection,
        "select state, attempts, may_have_arrived, gone_answers, nonce = 'old', body, settled_at"
        " from delivery.outbox order by outbox_id",
    )
    assert rows == [
        ("sending", 3, True, 2, True, "b", None),
        ("done", 3, True, 2, True, "b", NOW),
        ("pending", 3, False, 0, False, None, None),
        ("dead", 3, False, 2, True, "b", NOW),
        ("pending", 2, False, 1, True, "b", None),
    ]


def test_a_batch_is_closed_shrunk_and_divided_and_no_other(connection: Connection) -> None:
    for number in (11, 12, 13, 14):
        columns = {"from_seq": None if number == 12 else number, "body": "b", "slice": number}
        add(connection, "delivery.batches", batch_id=number, is_answered=number == 12, **columns)
    connection.execute("update delivery.batches set may_have_arrived = true where batch_id = 12")
    close = {"not_before": None, "error": "e", "now": NOW}
    for number, state, flag in ((11, "ready", True), (12, "done", False), (13, "dead", False)):
        values = {"batch_id": number, "state": state, "may_have_arrived": flag, "is_answered": flag}
        ask(connection, queries, "close_batch", **values | close)
    closed = "select state, attempts, may_have_arrived, is_answered, settled_at from delivery.batches"
    assert select(connection, f"{closed} order by batch_id") == [
        ("ready", 1, True, True, None),
        ("done", 1, True, True, NOW),
        ("dead", 1, False, False, NOW),
        ("ready", 0, False, False, None),
    ]
    rows = call_rows(("x", 7))
    for is_read_back in (True, False):
        values = {"batch_id": 11, "rows": rows, "deltas": 5, "is_read_back": is_read_back}
        ask(connection, queries, "shrink_batch", **values)
    shrunk = "select deltas, is_read_back from delivery.batches order by batch_id"
    assert select(connection, shrunk) == [(5, True), *[(1, False)] * 3]
    ask(connection, queries, "take_back_call", batch_id=14, rows=rows, deltas=2)
    assert select(connection, "select body from delivery.batches order by batch_id") == ["b", "b", "b", None]
    part = {"rows": rows, "attempts": 1, "not_before": None, "error": "e", "may_have_arrived": False}
    for number in (11, 12):
        seqs = {"from_seq": 9, "deltas": 1, "ledger_seqs": [7]}
        ask(connection, queries, "insert_part", batch_id=number, **seqs, **part)
    parts = "select slice, slices, from_seq from delivery.batches where slices = 0 order by batch_id"
    assert select(connection, parts) == [(11, 0, 9), (12, 0, None)]
    assert [ask_first(connection, queries, "list_batch_rows", batch_id=number) for number in (1, 11)] == [
        [[7]],
        [[]],
    ]


def test_batches_are_read_in_the_order_in_which_they_were_locked(connection: Connection) -> None:
    add(connection, "delivery.batches", batch_id=1, first_sent_at=NOW + SECOND, body="b")
    add_all(connection, "delivery.batches", {"batch_id": 2}, {"batch_id": 3})
    rows = ask(connection, queries, "read_batches", batch_ids=[2, 1])
    assert [(row[0], row[4], row[5], row[7]) for row in rows] == [
        (2, {}, "", NOW),
        (1, {}, "b", NOW + SECOND),
    ]


def test_rows_wait_for_earlier_rows_of_their_lead_in_other_calls(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.batches",
        # The one that is asked for: each lead has its own case.
        {"batch_id": 20, "rows": call_rows(*((f"x{lead}", 50) for lead in range(1, 10)))},
        {"batch_id": 1, "not_before": NOW, "rows": call_rows(("x1", 49))},  # failed
        {"batch_id": 2, "not_before": NOW, "rows": call_rows(("x2", 50))},  # the same row
        {"batch_id": 3, "slices": 0, "rows": call_rows(("x3", 1))},  # a part that goes out before it
        {"batch_id": 21, "slices": 0, "rows": call_rows(("x4", 1))},  # a part that goes out after it
        {"batch_id": 24, "rows": call_rows(("x5", 1))},  # a new call
        {"batch_id": 5, "not_before": NOW, "state": "done", "rows": call_rows(("x6", 1))},
        {"batch_id": 6, "not_before": NOW, "target": "crm", "rows": call_rows(("x6", 1))},
        {"batch_id": 23, "rows": call_rows(("x1", 60))},  # one that nobody asks about
        # Its own rows are no other call's.
        {"batch_id": 22, "not_before": NOW, "rows": call_rows(("x10", 1), ("x10", 2))},
    )
    for lead, state, target, held_of in (
        (7, "present", "ma", "ma"),
        (8, "gone", "ma", "ma"),
        (9, "present", "crm", "ma"),
        (11, "present", "crm", "crm"),
    ):
        columns = {"external_id": f"x{lead}", "state": state, "target": target}
        add(connection, "delivery.external_ids", lead_id=lead, **columns)
        add(connection, "delivery.held_deltas", lead_id=lead, ledger_seq=30 + lead, target=held_of)
    add(connection, "delivery.external_ids", lead_id=6, external_id="x6")
    add(connection, "delivery.held_deltas", lead_id=6, ledger_seq=1, lane=1)
    add(connection, "delivery.external_ids", lead_id=5, external_id="x5")
    add(connection, "delivery.held_deltas", lead_id=5, ledger_seq=2, target="crm")

    def blocked(*batch_ids: int) -> list[Any]:
        values = {"target": "ma", "lane": 0, "batch_ids": list(batch_ids)}
        return sorted(ask(connection, queries, "list_blocked_rows", **values))

    assert blocked(20) == [(20, 50)]
    for lead in range(1, 12):
        rows = call_rows((f"x{lead}", 50))
        connection.execute("update delivery.batches set rows = %s where batch_id = 20", [rows])
        waits = lead in (1, 4, 7, 10)
        assert blocked(20, 22) == ([(20, 50)] if waits else []), lead


def add_states(connection: Connection, at: datetime) -> None:
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1, "deltas": 2, "created_at": NOW, "attempts": 1},
        {"batch_id": 2, "deltas": 3, "created_at": NOW - HOUR, "attempts": 3},
        {"batch_id": 3, "deltas": 4, "state": "done", "settled_at": at, "attempts": 2},
        {"batch_id": 4, "deltas": 5, "state": "done", "settled_at": at - SECOND},
        {"batch_id": 5, "deltas": 6, "state": "done", "settled_at": at + SECOND, "attempts": 1},
        {"batch_id": 6, "deltas": 7, "state": "ready", "settled_at": at, "target": "crm"},
    )
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "created_at": NOW, "attempts": 1},
        {"outbox_id": 2, "created_at": NOW - HOUR, "attempts": 2},
        {"outbox_id": 3, "state": "sending", "settled_at": at},
        {"outbox_id": 4, "operation": "alter", "state": "done", "settled_at": at, "attempts": 2},
        {"outbox_id": 5, "operation": "alter", "state": "done", "settled_at": at - SECOND},
        {"outbox_id": 6, "operation": "alter", "state": "done", "settled_at": at + SECOND, "attempts": 1},
        {"outbox_id": 7, "operation": "alter", "state": "dead", "settled_at": at},
        {"outbox_id": 8, "target": "ma", "state": "dropped", "settled_at": at},
        {"outbox_id": 9, "operation": "alter"},
    )


def test_calls_are_counted_by_target_operation_and_state(connection: Connection) -> None:
    add_states(connection, NOW)
    assert ask(connection, queries, "count_open") == [
        ("crm", "alter", "pending", 1, None, NOW, 0),
        ("crm", "note", "pending", 2, None, NOW - HOUR, 2),
        ("crm", "note", "sending", 1, None, NOW, 0),
        ("crm", "score changes", "ready", 1, 7, NOW, 0),
        ("ma", "score changes", "ready", 2, 5, NOW - HOUR, 3),
    ]
    assert ask(connection, queries, "count_settled", since=NOW) == [
        ("crm", "alter", "dead", 1, None, NOW, 0),
        ("crm", "alter", "done", 2, None, NOW, 2),
        ("ma", "note", "dropped", 1, None, NOW, 0),
        ("ma", "score changes", "done", 2, 10, NOW, 2),
    ]


def test_what_waits_is_dropped_by_its_key(connection: Connection) -> None:
    for number, state in enumerate(("pending", "sending", "pending", "pending")):
        add(connection, "delivery.outbox", outbox_id=number + 1, state=state)
    values = {"keys": ["k1", "k2", "k3"], "reason": "r", "now": NOW}
    assert sorted(ask_first(connection, queries, "drop_pending", **values)) == ["k1", "k3"]
    states = select(connection, "select state from delivery.outbox order by outbox_id")
    assert states == ["dropped", "sending", "dropped", "pending"]
