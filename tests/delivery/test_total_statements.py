"""Which calls of totals are claimed, and what a total brings about: each row is one case, worked by hand."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.claim_totals import queries
from tests.delivery.rows import HOUR, NOW, SECOND, add, add_all, ask, ask_first, call_rows, select

pytestmark = pytest.mark.uncommitted

PAST = NOW - HOUR


def know(connection: Connection, lead: int, external_id: str, **columns: Any) -> None:
    add(connection, "delivery.external_ids", lead_id=lead, external_id=external_id, **columns)


def test_calls_of_totals_that_are_claimed_and_let_go(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1},
        {"batch_id": 2, "first_sent_at": PAST},
        {"batch_id": 3, "first_sent_at": PAST + SECOND},
        {"batch_id": 4, "not_before": NOW},
        {"batch_id": 5, "not_before": NOW + SECOND},
        {"batch_id": 6, "not_before": PAST},
        {"batch_id": 7, "not_before": PAST},
        {"batch_id": 8, "lane": 1},
        {"batch_id": 9, "target": "crm"},
        {"batch_id": 10, "state": "done"},
    )
    values: dict[str, Any] = {"target": "ma", "lane": 0, "max_rows": 99, "claimed_before": PAST}

    def lock(**changes: Any) -> list[int]:
        return ask_first(connection, queries, "lock_claimable", **values | {"now": NOW} | changes)

    assert ask_first(connection, queries, "count_idle_totals", **values) == [2]
    assert lock(is_retry=False) == [1, 2]
    assert lock(is_retry=True) == [6, 7, 4]
    assert lock(is_retry=True, max_rows=1) == [6]
    call = {"request": None, "body": "b", "now": NOW}
    for number in (1, 2):
        ask(connection, queries, "store_call", batch_id=number, **call)
    stored = "select first_sent_at, may_have_arrived, body from delivery.batches order by batch_id limit 3"
    assert select(connection, stored) == [(NOW, False, "b"), (NOW, True, "b"), (PAST + SECOND, False, None)]
    connection.execute("update delivery.batches set first_sent_at = %s where batch_id in (6, 7, 10)", [NOW])
    claimed = [1, 3, 6, 7, 10]
    locked = ask_first(connection, queries, "lock_claimed", batch_ids=claimed, claimed_at=NOW)
    assert locked == [6, 7, 1]
    ask(connection, queries, "release_claimed", batch_ids=claimed)
    kept = "select batch_id from delivery.batches where first_sent_at is not null order by 1"
    assert select(connection, kept) == [2, 10]


def test_totals_of_the_leads_that_are_there(connection: Connection) -> None:
    know(connection, 1, "x")
    know(connection, 2, "x", state="unaligned")
    know(connection, 3, "x", state="gone")
    know(connection, 4, "y", state="unaligned")
    know(connection, 5, "z")
    know(connection, 6, "x", target="crm")
    for seq, lead, points in ((1, 1, 5), (2, 2, 7), (3, 1, -1), (4, 3, 100), (5, 4, 9), (6, 6, 50)):
        add(connection, "scoring.ledger", seq=seq, lead_id=lead, points=points)
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("z", 1), ("x", 1), ("x", 3)))
    add(connection, "delivery.batches", batch_id=2, rows=call_rows(("y", 1), ("z", 1)))
    add(connection, "delivery.batches", batch_id=3, rows=call_rows(("z", 1)))
    assert ask(connection, queries, "read_totals", target="ma", batch_ids=[2, 1]) == [
        (1, 3, 1, "x", 11, [1, 2]),
        (1, 0, 5, "z", 0, [5]),
        (2, 0, 5, "z", 0, [5]),
    ]


def test_leads_whose_total_is_compared(connection: Connection) -> None:
    unaligned = {"state": "unaligned", "changed_at": NOW}
    know(connection, 1, "a", **unaligned)
    know(connection, 2, "b", **unaligned | {"changed_at": PAST, "reason": "r"})
    know(connection, 3, "b", **unaligned)
    know(connection, 4, "c", **unaligned, not_before=NOW)
    know(connection, 5, "d", **unaligned, not_before=NOW + SECOND)
    know(connection, 6, "e")
    know(connection, 7, "f", target="crm", **unaligned)
    know(connection, 1, "c", target="crm", **unaligned)
    values = {"target": "ma", "now": NOW, "slices": 1, "slice": 0, "max_rows": 9}
    assert ask(connection, queries, "list_unaligned", only_reason=None, **values) == [
        ("b", 2, "r"),
        ("a", 1, None),
        ("c", 4, None),
    ]
    assert ask_first(connection, queries, "list_unaligned", only_reason="r", **values) == ["b"]
    few = values | {"max_rows": 1}
    assert ask_first(connection, queries, "list_unaligned", only_reason=None, **few) == ["b"]
    know(connection, 8, "b")
    until = {"target": "ma", "until": NOW + HOUR}
    ask(connection, queries, "postpone", external_id="b", **until)
    ask(connection, queries, "mark_found", external_id="c", there="there", **until)
    ask(connection, queries, "mark_found", external_id="e", there="there", **until)
    ask(connection, queries, "mark_present", external_id="a", target="ma", now=NOW)
    rows = (
        "select lead_id, state, reason, not_before from delivery.external_ids where target = 'ma' order by 1"
    )
    assert select(connection, rows) == [
        (1, "present", None, None),
        (2, "unaligned", "r", NOW + HOUR),
        (3, "unaligned", None, NOW + HOUR),
        (4, "unaligned", "there", NOW + HOUR),
        (5, "unaligned", None, NOW + SECOND),
        (6, "present", None, None),
        (8, "present", None, None),
    ]


def test_what_a_total_contains(connection: Connection) -> None:
    know(connection, 1, "x")
    know(connection, 2, "y")
    know(connection, 1, "x", target="crm")
    for number, columns in enumerate(
        (
            {},
            {"reference": 6},
            {"kind": "effect"},
            {"state": "retried"},
            {"target": "crm"},
            {"lead_id": 2},
            {"lead_id": 3},
        )
    ):
        values = {"dead_letter_id": number + 1, "reference": 5, "lead_id": 1} | columns
        add(connection, "delivery.dead_letters", **values)
    add_all(
        connection,
        "delivery.held_deltas",
        {"ledger_seq": 5, "lead_id": 1},
        {"ledger_seq": 6, "lead_id": 1},
        {"ledger_seq": 3, "lead_id": 1, "target": "crm"},
        {"ledger_seq": 4, "lead_id": 2},
    )
    # The second lead has got another id since then.
    taken = {"lead_ids": [1, 2], "external_ids": ["x", "former"], "seqs": [5, 9], "target": "ma"}
    ask(connection, queries, "accept_letters", now=NOW, **taken)
    applied = "select dead_letter_id from delivery.dead_letters where state = 'applied' order by 1"
    assert select(connection, applied) == [1]
    ask(connection, queries, "delete_held", **taken)
    assert select(connection, "select ledger_seq from delivery.held_deltas order by 1") == [3, 4, 6]
    for seq, lead in ((3, 1), (4, 2), (6, 1)):
        add(connection, "scoring.ledger", seq=seq, lead_id=lead, points=seq)
    absorbed = ask(connection, queries, "absorb_held", target="ma", external_id="x")
    assert absorbed == [(0, 6)]
    assert select(connection, "select ledger_seq from delivery.held_deltas order by 1") == [3, 4]


def test_a_correction_is_linked_to_its_effect(connection: Connection) -> None:
    for number in (1, 2):
        add(connection, "delivery.outbox", outbox_id=number, lead_id=number)
        values = {"lead_id": number, "external_id": "x", "ledger": 1, "ma": 2, "corrected_at": NOW}
        add(connection, "delivery.score_corrections", correction_id=number, **values)
    ask(connection, queries, "link_effect", correction_id=2, idempotency_key="k1")
    linked = "select outbox_id from delivery.score_corrections order by correction_id"
    assert select(connection, linked) == [None, 1]
