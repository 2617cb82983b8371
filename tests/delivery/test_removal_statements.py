"""What an erasure lists, closes and hides, and what is purged: each row is one case, or its neighbour."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.removal import queries
from tests.delivery.rows import HOUR, NOW, SECOND, add, add_all, ask, ask_first, call_rows, select

pytestmark = pytest.mark.uncommitted

ERASE = "erase_lead"
LEADS = [1, 2, 3, 4, 5, 6, 7]


def know(connection: Connection, lead: int, external_id: str, target: str = "ma", **columns: Any) -> None:
    add(connection, "delivery.external_ids", lead_id=lead, external_id=external_id, target=target, **columns)


def add_effects(connection: Connection, *effects: tuple[Any, ...], **common: Any) -> None:
    """Each is the id, the lead, the operation, the state, and what else it has."""
    for outbox_id, lead, operation, state, *more in effects:
        columns = {"operation": operation, "state": state} | common | (more[0] if more else {})
        add(connection, "delivery.outbox", outbox_id=outbox_id, lead_id=lead, **columns)


def test_the_ids_of_the_leads_in_other_systems(connection: Connection) -> None:
    know(connection, 1, "a")
    know(connection, 2, "b", reason="erased")
    know(connection, 3, "c", merged_into="alone")
    know(connection, 4, "d", merged_into="shared")
    know(connection, 9, "shared", merged_into="another's")
    know(connection, 5, "e", merged_into="ours")
    know(connection, 6, "ours", reason="erased")
    know(connection, 7, "f", "crm", merged_into="shared")
    assert ask(connection, queries, "list_system_ids", lead_ids=LEADS) == [
        ("crm_id", "f"),
        ("crm_id", "shared"),  # in the CRM nobody else has it
        ("ma_id", "a"),
        ("ma_id", "alone"),
        ("ma_id", "c"),
        ("ma_id", "d"),
        ("ma_id", "e"),
        ("ma_id", "ours"),
    ]


def test_the_systems_that_have_the_leads_and_were_not_asked_yet(connection: Connection) -> None:
    know(connection, 1, "a")
    know(connection, 2, "b", state="unaligned")
    know(connection, 3, "c", state="gone")
    know(connection, 9, "n")
    know(connection, 4, "d")
    know(connection, 5, "e")
    know(connection, 6, "f")
    add_effects(
        connection,
        (1, 4, ERASE, "pending", {"target": "ma"}),
        (2, 5, ERASE, "done", {"target": "ma"}),
        (3, 6, "note", "pending", {"target": "ma"}),
        (4, 7, "create_lead", "sending"),
        (5, 7, "upsert_lead", "pending", {"target": "ma"}),
        (6, 3, "note", "sending"),
        (7, 9, "create_lead", "sending"),
        (8, 9, ERASE, "pending"),
        (9, 1, ERASE, "pending"),
    )
    assert ask(connection, queries, "list_systems", lead_ids=LEADS, operation=ERASE) == [
        ("crm", 7),
        ("ma", 1),
        ("ma", 2),
        ("ma", 5),
        ("ma", 6),
    ]
    connection.execute("update delivery.outbox set lead_id = 1, target = 'ma' where outbox_id = 8")
    systems = ask(connection, queries, "list_systems", lead_ids=[1, 2], operation=ERASE)
    assert systems == [("ma", 2)]


def test_what_was_not_sent_is_dropped_and_letters_are_closed(connection: Connection) -> None:
    add_effects(
        connection,
        (1, 1, "note", "pending"),
        (2, 1, "note", "dead"),
        (3, 1, "note", "sending"),
        (4, 1, ERASE, "pending"),
        (5, 9, "note", "pending"),
        (6, 1, ERASE, "dead"),
    )
    ask(connection, queries, "drop_unsent", lead_ids=[1], operation=ERASE, now=NOW)
    dropped = "select outbox_id from delivery.outbox where state = 'dropped' and settled_at = %s order by 1"
    assert select(connection, dropped, [NOW]) == [1, 2]
    letter = {"kind": "effect", "lead_id": 1}
    add_all(
        connection,
        "delivery.dead_letters",
        {"dead_letter_id": 1, "reference": 2} | letter,
        {"dead_letter_id": 2, "reference": 6} | letter,
        {"dead_letter_id": 3, "reference": 6, "kind": "delta", "lead_id": 1},
        {"dead_letter_id": 4, "reference": 2, "state": "retried", "settled_at": NOW - HOUR} | letter,
        {"dead_letter_id": 5, "reference": 2, "reason": "erased"} | letter,
        {"dead_letter_id": 6, "reference": 5, "kind": "effect", "lead_id": 9},
    )
    ask(connection, queries, "close_letters", lead_ids=[1], operation=ERASE, now=NOW)
    letters = "select state, settled_at, reason from delivery.dead_letters order by dead_letter_id"
    assert select(connection, letters) == [
        ("dropped", NOW, "erased"),
        ("open", None, "r"),
        ("dropped", NOW, "erased"),
        ("retried", NOW - HOUR, "erased"),
        ("open", None, "erased"),
        ("open", None, "r"),
    ]
    add_all(
        connection, "delivery.held_deltas", {"ledger_seq": 1, "lead_id": 1}, {"ledger_seq": 2, "lead_id": 2}
    )
    ask(connection, queries, "delete_held", lead_ids=[1])
    assert select(connection, "select lead_id from delivery.held_deltas") == [2]


def test_settled_effects_lose_what_they_said(connection: Connection) -> None:
    add_effects(
        connection,
        (1, 1, "note", "done", {"settled_at": NOW - HOUR}),
        (2, 1, ERASE, "dropped"),
        (3, 1, "note", "pending"),
        (4, 9, "note", "done"),
        body="b",
    )
    ask(connection, queries, "clear_settled", lead_ids=[1], operation=ERASE, now=NOW)
    effects = "select idempotency_key, body, settled_at from delivery.outbox order by outbox_id"
    assert select(connection, effects) == [
        ("erased-1", None, NOW - HOUR),
        ("k2", None, NOW),
        ("k3", "b", None),
        ("k4", "b", None),
    ]


def test_bodies_with_the_id_as_a_word_go_and_other_rows_stay(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1, "state": "done", "rows": call_rows(("8", 1), ("7", 2), ("9", 3)), "body": "b"},
        {"batch_id": 2, "state": "done", "rows": call_rows(("8", 1)), "body": "lead 7."},
        {"batch_id": 3, "state": "done", "rows": call_rows(("8", 1)), "body": "lead 77"},
        {"batch_id": 4, "rows": call_rows(("7", 1)), "body": "lead 7"},
    )
    ask(connection, queries, "clear_bodies", ma_ids=["7", "x"])
    ids = "(select string_agg(row ->> 'external_id', ',') from json_array_elements(rows) as row)"
    batches = f"select {ids}, body from delivery.batches order by batch_id"
    assert select(connection, batches) == [
        ("8,0,9", None),
        ("8", None),
        ("8", "lead 77"),
        ("7", "lead 7"),
    ]


def test_found_leads_go_by_their_address_or_by_their_id(connection: Connection) -> None:
    for external_id, address_hash in (("a", "h1"), ("b", "h2"), ("c", "h3")):
        columns = {"target": "ma", "external_id": external_id, "address_hash": address_hash}
        add(connection, "delivery.found_leads", **columns)
    ask(connection, queries, "delete_found", address_hashes=["h1"], external_ids=["b"])
    assert select(connection, "select external_id from delivery.found_leads") == ["c"]


def test_an_id_that_no_call_needs_is_hidden(connection: Connection) -> None:
    know(connection, 1, "a", merged_into="m", not_before=NOW)
    know(connection, 1, "a", "crm")
    know(connection, 2, "b")
    know(connection, 3, "c")
    know(connection, 4, "d")
    know(connection, 5, "e")
    know(connection, 6, "f", state="unaligned", reason="erased")
    know(connection, 7, "g")
    know(connection, 7, "g", "crm")
    know(connection, 8, "h")
    add_effects(
        connection,
        (1, 2, "note", "pending", {"target": "ma"}),
        (2, 3, "note", "done", {"target": "ma"}),
        (3, 4, ERASE, "dead", {"target": "ma"}),
        (4, 5, "note", "dead", {"target": "ma"}),
        (5, 8, "note", "done"),
        (6, 3, ERASE, "done", {"target": "ma"}),
    )
    know(connection, 11, "k")
    know(connection, 11, "q", "crm")
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("g", 1), ("q", 2)))
    add(connection, "delivery.batches", batch_id=2, rows=call_rows(("a", 1)), state="done")
    correction = {"ledger": 1, "ma": 2, "corrected_at": NOW}
    for number, lead in ((1, 1), (2, 8)):
        linked = {"lead_id": lead, "external_id": f"x{lead}"}
        add(connection, "delivery.score_corrections", correction_id=number, **linked, **correction)
    ask(connection, queries, "hide_ids", lead_ids=[*LEADS, 10, 11], operation=ERASE, now=NOW)
    ids = select(
        connection,
        "select target, external_id, state, merged_into, changed_at, reason, not_before"
        " from delivery.external_ids order by target, lead_id",
    )
    hidden = ("gone", None, NOW, "erased", None)
    assert ids == [
        ("crm", "erased-1", *hidden),
        ("crm", "erased-7", *hidden),  # the call is the MA's
        ("crm", "erased-11", *hidden),
        ("ma", "erased-1", *hidden),
        ("ma", "b", "present", None, None, None, None),
        ("ma", "erased-3", *hidden),
        ("ma", "d", "present", None, None, None, None),
        ("ma", "erased-5", *hidden),
        ("ma", "f", "unaligned", None, None, "erased", None),
        ("ma", "g", "present", None, None, None, None),
        ("ma", "h", "present", None, None, None, None),
        ("ma", "erased-10", *hidden),  # never known: its points are not sent
        ("ma", "erased-11", *hidden),  # the call is about another's id
    ]
    corrections = "select external_id from delivery.score_corrections order by correction_id"
    assert select(connection, corrections) == ["erased-1", "x8"]


def test_a_request_that_can_reach_nobody_is_dropped(connection: Connection) -> None:
    know(connection, 2, "b", "crm")
    know(connection, 3, "c", "crm", state="gone")
    know(connection, 4, "d")
    add_effects(
        connection,
        (1, 1, ERASE, "pending"),
        (2, 2, ERASE, "pending"),
        (3, 3, ERASE, "pending"),
        (4, 4, ERASE, "pending"),
        (5, 5, "note", "sending"),
        (6, 5, ERASE, "pending"),
        (7, 6, "note", "done"),
        (8, 6, ERASE, "pending"),
        (9, 6, "note", "pending"),
        (10, 7, "note", "pending", {"target": "ma"}),
        (11, 7, ERASE, "pending"),
        (12, 7, ERASE, "sending"),
        (13, 9, ERASE, "pending"),
        (14, 4, "note", "pending"),
        (15, 10, ERASE, "sending"),
    )
    ask(connection, queries, "drop_hopeless", lead_ids=[*LEADS, 10], operation=ERASE, now=NOW)
    dropped = "select outbox_id from delivery.outbox where state = 'dropped' and settled_at = %s order by 1"
    assert select(connection, dropped, [NOW]) == [1, 3, 4, 8, 11]


def test_whether_a_call_is_open(connection: Connection) -> None:
    know(connection, 4, "x")
    know(connection, 5, "y", "crm")
    know(connection, 6, "z")
    add_effects(
        connection,
        (1, 1, "note", "pending"),
        (2, 2, ERASE, "dead"),
        (3, 3, "note", "dead"),
        (4, 3, ERASE, "done"),
    )
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x", 1), ("y", 2)))

    def is_open(*leads: int) -> bool:
        (answer,) = ask_first(connection, queries, "has_open", lead_ids=list(leads), operation=ERASE)
        return bool(answer)

    assert [is_open(lead) for lead in range(1, 7)] == [True, True, False, True, False, False]
    assert is_open(3, 4)


def test_the_oldest_that_were_settled_are_purged_first(connection: Connection) -> None:
    times = [NOW - HOUR, NOW - 2 * HOUR, NOW - SECOND, NOW]
    for number, at in enumerate(times):
        add(connection, "delivery.batches", batch_id=number + 1, state="done", settled_at=at)
        columns = {"state": "dropped", "settled_at": at, "body": "b"}
        add(connection, "delivery.outbox", outbox_id=number + 1, **columns)
        connection.execute("insert into delivery.call_counts values ('ma', %s, 1)", [at])
    long_ago = {"settled_at": NOW - 9 * HOUR}
    add(connection, "delivery.batches", batch_id=5, **long_ago)
    add(connection, "delivery.outbox", outbox_id=5, state="dead", body="b", **long_ago)
    add(connection, "delivery.outbox", outbox_id=6, state="done", **long_ago)
    connection.execute("update delivery.outbox set answer = '{}' where outbox_id = 6")
    batches = "select batch_id from delivery.batches order by 1"
    bodies = "select outbox_id from delivery.outbox where body is not null order by 1"
    for max_rows, left in ((1, [1, 3, 4, 5]), (9, [4, 5])):
        ask(connection, queries, "purge_batches", before=NOW, max_rows=max_rows)
        assert select(connection, batches) == left
        ask(connection, queries, "purge_effects", before=NOW, max_rows=max_rows)
        assert select(connection, bodies) == left
    assert select(connection, "select answer from delivery.outbox where outbox_id = 6") == [{}]
    ask(connection, queries, "purge_call_counts", before=NOW, max_rows=9)
    assert select(connection, "select starts_at from delivery.call_counts") == [NOW]
