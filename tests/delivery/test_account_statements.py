"""Refusals, quotas, letters and what an account has: each row is one case, or its neighbour."""

import pytest

from leadops.db import Connection
from leadops.delivery.account_guard import queries
from leadops.delivery.daily_quota import queries as quota_queries
from leadops.delivery.dead_letters import queries as letter_queries
from leadops.delivery.operation_rights import queries as right_queries
from tests.delivery.rows import HOUR, NOW, SECOND, add, add_all, ask, ask_first, call_rows, select

pytestmark = pytest.mark.uncommitted


def test_a_refusal_ends_at_its_time(connection: Connection) -> None:
    refusal = {"target": "crm", "operation": "note"}
    ask(connection, right_queries, "note_refusal", **refusal, now=NOW - HOUR, until=NOW, reason="r")
    found = [
        ask_first(connection, right_queries, "find_refusal", **refusal, now=at) for at in (NOW - SECOND, NOW)
    ]
    assert found == [["r"], []]


def test_a_reading_of_the_quota_keeps_what_it_does_not_say(connection: Connection) -> None:
    reading = {"target": "crm", "now": NOW}
    ask(connection, quota_queries, "note_reading", used=5, day_limit=9, **reading)
    ask(connection, quota_queries, "note_reading", used=None, day_limit=None, **reading)
    assert select(connection, "select used, day_limit, read_at from delivery.quotas") == [(5, 9, NOW)]
    asked = {"target": "crm", "asked_before": NOW - HOUR}
    for at in (NOW - HOUR, NOW, NOW + SECOND):
        ask(connection, quota_queries, "claim_quota_call", now=at, **asked)
    assert select(connection, "select asked_at from delivery.quotas") == [NOW]


def test_what_an_account_has_open(connection: Connection) -> None:
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x", 7), ("x", 0)))
    assert ask_first(connection, queries, "list_open_seqs", target="ma") == [7]
    erase = {"operation": "erase_lead"}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1} | erase,
        {"outbox_id": 2},
        {"outbox_id": 3, "state": "done"} | erase,
    )
    assert ask_first(connection, queries, "list_erasures", target="crm") == [1]


def test_letters_that_are_named_and_changes_that_nothing_will_send(connection: Connection) -> None:
    for number in (1, 2):
        add(connection, "delivery.dead_letters", dead_letter_id=number, reference=number, lead_id=number)
    assert ask_first(connection, letter_queries, "lock_open", target=None, ids=[2]) == [2]
    assert ask_first(connection, letter_queries, "lock_open", target=None, ids=None) == [1, 2]
    add(connection, "delivery.outbox", outbox_id=1, lead_id=1, operation="upsert_lead", target="ma")
    add(connection, "delivery.external_ids", lead_id=2, external_id="x")
    add(connection, "delivery.held_deltas", ledger_seq=1, lead_id=1)
    assert ask_first(connection, letter_queries, "discard_held", outbox_ids=[1]) == [1]


def test_only_a_newer_effect_replaces_an_older_one(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "lead_id": 1, "state": "done"},
        {"outbox_id": 2, "lead_id": 1, "state": "dead"},
        {"outbox_id": 3, "lead_id": 2, "state": "dead"},
        {"outbox_id": 4, "lead_id": 2},
    )
    values = {"outbox_ids": [2, 3], "replacing": ["note"], "now": NOW}
    assert ask_first(connection, letter_queries, "discard_superseded", **values) == [3]
