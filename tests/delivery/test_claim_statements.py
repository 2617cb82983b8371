"""Which effects and batches a round marks, claims and counts: each row is one case, or its neighbour."""

from datetime import timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.claim_calls import queries
from tests.delivery.rows import HOUR, MINUTE, NOW, SECOND, add, add_all, ask, ask_first

pytestmark = pytest.mark.uncommitted

DUE: dict[str, Any] = {"target": "crm", "lane": 0, "now": NOW, "max_rows": 99}


def add_effects(connection: Connection, *effects: tuple[Any, ...]) -> None:
    """Each is the lead, the id, the operation, and what else it has."""
    for lead, outbox_id, operation, *more in effects:
        columns = more[0] if more else {}
        add(connection, "delivery.outbox", outbox_id=outbox_id, lead_id=lead, operation=operation, **columns)


def mark(connection: Connection, **changes: Any) -> dict[int, str | None]:
    """Mark what may be sent: the ids, with the lead's id there.

    `owner`, `field` and `step` need the id; `owner` follows the creation; `enrol` and `step` keep an hour.
    """
    values = DUE | {
        "with_id": ["owner", "field", "step"],
        "following": ["owner"],
        "upserting": ["upsert"],
        "spaced": ["enrol", "step"],
        "repeat_pause": MINUTE,
        "spacing": HOUR,
    }
    rows = ask(connection, queries, "mark_sending", **values | changes)
    return {row[0]: row[5] for row in sorted(rows)}


def know(connection: Connection, *leads: int, **columns: Any) -> None:
    for lead in leads:
        values = {"target": "crm", "external_id": f"x{lead}"} | columns
        add(connection, "delivery.external_ids", lead_id=lead, **values)


def test_an_upsert_waits_for_others_of_its_lead(connection: Connection) -> None:
    add_effects(
        connection,
        (1, 10, "upsert"),
        (1, 11, "upsert"),  # waits for the one before it
        (2, 20, "upsert", {"lane": 1}),  # another round's
        (2, 21, "upsert"),
        (3, 30, "note"),
        (3, 31, "upsert"),
        (4, 40, "upsert", {"target": "ma", "state": "sending"}),
        (4, 41, "upsert"),
        (5, 50, "upsert", {"state": "dead"}),
        (5, 51, "upsert"),
        (6, 60, "upsert"),  # waits, though the other is younger and of another lane
        (6, 61, "upsert", {"state": "sending", "lane": 1}),
        (7, 70, "note"),
        (7, 71, "note"),
    )
    assert list(mark(connection)) == [10, 21, 30, 31, 41, 51, 70, 71]
    states = connection.execute("select outbox_id from delivery.outbox where first_sent_at = %s", [NOW])
    assert sorted(states.fetchall()) == [(n,) for n in (10, 21, 30, 31, 41, 51, 70, 71)]


def test_an_upsert_keeps_its_distance_from_what_was_sent(connection: Connection) -> None:
    sent = {"state": "done", "body": "b", "settled_at": NOW - MINUTE + SECOND}
    add_effects(
        connection,
        (1, 10, "upsert", sent | {"settled_at": NOW - MINUTE}),
        (1, 11, "upsert"),
        (2, 20, "upsert", sent),
        (2, 21, "upsert"),  # waits
        (3, 30, "upsert", sent | {"state": "dead"}),
        (3, 31, "upsert"),
        (4, 40, "upsert", sent | {"body": None}),
        (4, 41, "upsert"),
        (5, 50, "note", sent),
        (5, 51, "upsert"),
        (5, 52, "note"),
        (6, 60, "upsert", sent | {"target": "ma"}),
        (6, 61, "upsert"),
    )
    assert list(mark(connection)) == [11, 31, 41, 51, 52, 61]


def test_steps_of_a_lead_keep_an_hour(connection: Connection) -> None:
    sent = {"state": "done", "settled_at": NOW - HOUR + SECOND}
    add_effects(
        connection,
        (1, 10, "enrol", sent | {"settled_at": NOW - HOUR}),
        (1, 11, "enrol"),
        (2, 20, "enrol", sent),
        (2, 21, "enrol"),  # waits
        (3, 30, "enrol", sent | {"state": "dropped"}),
        (3, 31, "enrol"),
        (4, 40, "note", sent),
        (4, 41, "enrol"),
        (4, 42, "note"),
        (5, 50, "enrol", sent | {"target": "ma"}),
        (5, 51, "enrol"),
    )
    assert list(mark(connection)) == [11, 31, 41, 42, 51]


def test_without_a_distance_no_step_waits_whatever_the_clock_of_another_said(connection: Connection) -> None:
    add_effects(connection, (1, 10, "enrol", {"state": "done", "settled_at": NOW + SECOND}), (1, 11, "enrol"))
    assert list(mark(connection, spacing=timedelta(0))) == [11]


def test_what_needs_the_id_waits_for_it_and_for_what_came_before(connection: Connection) -> None:
    know(connection, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12)
    know(connection, 3, state="gone")
    know(connection, 1, 2, target="ma", external_id="other")
    connection.execute("update delivery.external_ids set merged_into = 'y' where lead_id = 12")
    just = {"state": "done", "settled_at": NOW}
    add_effects(
        connection,
        (1, 10, "owner"),  # known elsewhere
        (2, 20, "owner"),
        (3, 30, "owner"),  # gone
        (4, 40, "note"),
        (4, 41, "owner"),  # waits for the note
        (5, 50, "note", {"state": "sending"}),
        (5, 51, "owner"),  # waits for its answer
        (6, 60, "note", {"state": "done"}),
        (6, 61, "owner"),
        (7, 70, "note", {"target": "ma"}),
        (7, 71, "owner"),
        (8, 80, "owner"),
        (8, 81, "note"),
        (9, 90, "enrol", just),
        (9, 91, "enrol"),  # keeps its hour, and others pass it
        (9, 92, "owner"),
        (10, 100, "enrol", {"state": "sending"}),
        (10, 101, "owner"),  # waits
        (11, 110, "enrol"),
        (11, 111, "step"),  # a step does not pass another
        (12, 120, "field"),
    )
    assert mark(connection) == {
        20: "x2",
        40: None,
        61: "x6",
        71: "x7",
        80: "x8",
        81: None,
        92: "x9",
        110: None,
        120: "y",
    }


def test_only_what_follows_a_refused_creation_waits_for_a_person(connection: Connection) -> None:
    know(connection, 1, 2, 3, 4, 5, 6)
    dead = {"state": "dead"}
    add_effects(
        connection,
        (1, 10, "create_lead", dead),
        (1, 11, "owner"),  # waits
        (2, 20, "owner"),
        (2, 21, "create_lead", dead),
        (3, 30, "create_lead", {"state": "done"}),
        (3, 31, "owner"),
        (4, 40, "field", dead),
        (4, 41, "owner"),
        (5, 50, "create_lead", dead),
        (5, 51, "field"),
        (6, 60, "create_lead", dead | {"target": "ma"}),
        (6, 61, "owner"),
    )
    assert list(mark(connection)) == [20, 31, 41, 51, 61]


def test_what_the_credentials_do_not_allow_waits_until_its_time(connection: Connection) -> None:
    for target, operation, until in (
        ("crm", "blocked", NOW + SECOND),
        ("crm", "free", NOW),
        ("ma", "note", NOW + HOUR),
    ):
        connection.execute(
            "insert into delivery.refused_operations values (%s, %s, %s, %s, %s, 'r')",
            [target, operation, NOW, NOW, until],
        )
    add_effects(connection, (1, 10, "blocked"), (2, 20, "free"), (3, 30, "note"), (4, 40, "note"))
    add_effects(connection, (5, 50, "note", {"lane": 1}), (6, 60, "note", {"target": "ma"}))
    add_effects(connection, (7, 70, "note", {"state": "dropped"}))
    assert list(mark(connection, max_rows=2)) == [20, 30], "the oldest first"
    assert list(mark(connection)) == [40]


def test_lanes_with_effects(connection: Connection) -> None:
    for number, columns in enumerate(
        (
            {},
            {"state": "sending", "not_before": NOW},
            {"not_before": NOW + SECOND},
            {"state": "done"},
            {"target": "ma"},
        )
    ):
        add(connection, "delivery.outbox", outbox_id=number + 1, lane=number, **columns)
    lanes = ask(connection, queries, "list_effects", target="crm", now=NOW, lanes=[0, 1, 2, 3, 4, 5])
    assert lanes == [("effects", 0), ("effects", 1)]


def test_lanes_with_score_work(connection: Connection) -> None:
    for seq, lane in ((6, 0), (7, 1)):
        add(connection, "scoring.ledger", seq=seq, lead_id=1, lane=lane)
    for number, columns in enumerate(
        ({}, {"not_before": NOW}, {"not_before": NOW + SECOND}, {"state": "done"}, {"target": "crm"})
    ):
        add(connection, "delivery.batches", batch_id=number + 1, **{"lane": number} | columns)
    add_all(
        connection,
        "delivery.held_deltas",
        {"ledger_seq": 1, "lead_id": 1, "lane": 5},
        {"ledger_seq": 2, "lead_id": 1, "lane": 6, "target": "crm"},
    )
    for lane in range(9):
        add(connection, "delivery.cursors", target="ma", lane=lane, ledger_seq=6 if lane == 8 else 7)
    add(connection, "delivery.cursors", target="crm", lane=9, ledger_seq=7)

    def look() -> list[tuple[str, int]]:
        rows = ask(connection, queries, "list_score_work", target="ma", now=NOW, lanes=list(range(10)))
        return [(str(kind), lane) for kind, lane in rows if kind == "batches" or lane == 0]

    work = [("batches", lane) for lane in (0, 1, 5, 8, 9)]
    assert look() == work
    know(connection, 1, target="ma", state="unaligned", not_before=NOW + SECOND)
    know(connection, 2, target="crm", state="unaligned")
    know(connection, 3, target="ma")
    assert look() == work
    know(connection, 4, target="ma", state="unaligned", not_before=NOW)
    assert look() == [("unaligned", 0), *work]
    connection.execute("delete from delivery.external_ids where lead_id = 4")
    know(connection, 5, target="ma", state="unaligned")
    assert look() == [("unaligned", 0), *work]


def test_effects_that_a_round_claims_and_those_that_nobody_sends(connection: Connection) -> None:
    sending = {"state": "sending", "body": "b"}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1} | sending,
        {"outbox_id": 2} | sending | {"body": None},
        {"outbox_id": 3, "first_sent_at": NOW} | sending,
        {"outbox_id": 4, "not_before": NOW} | sending,
        {"outbox_id": 5, "not_before": NOW + SECOND} | sending,
        {"outbox_id": 6, "not_before": NOW - HOUR} | sending,
        {"outbox_id": 7, "not_before": NOW - HOUR} | sending,
        {"outbox_id": 8, "first_sent_at": NOW - HOUR} | sending,
        {"outbox_id": 9, "first_sent_at": NOW - HOUR + SECOND} | sending,
        {"outbox_id": 10} | sending | {"lane": 1},
        {"outbox_id": 11} | sending | {"target": "ma"},
        {"outbox_id": 12} | sending | {"state": "pending"},
        {"outbox_id": 13} | sending | {"body": None},
    )
    claim = "lock_claimable_effects"
    new = [(row[0], row[2]) for row in ask(connection, queries, claim, **DUE, is_retry=False)]
    assert new == [(1, False), (3, True), (8, True), (9, True)]
    assert ask_first(connection, queries, claim, **DUE, is_retry=True) == [6, 7, 4]
    assert ask_first(connection, queries, claim, **DUE | {"max_rows": 1}, is_retry=True) == [6]

    def count(claimed_before: Any) -> list[Any]:
        idle = {"target": "crm", "lane": 0, "max_rows": 99, "claimed_before": claimed_before}
        return ask_first(connection, queries, "count_idle_effects", **idle)

    assert count(None) == [6]
    assert count(NOW - HOUR) == [4], "1, 2 and 13 that nobody claimed, and 8"


def test_batches_that_a_round_claims(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1, "slices": 2, "slice": 1},
        {"batch_id": 2, "slices": 2, "slice": 3, "body": "b", "first_sent_at": NOW},
        {"batch_id": 3, "slice": 1, "not_before": NOW},
        {"batch_id": 4, "slice": 1, "not_before": NOW + SECOND},
        {"batch_id": 5, "slice": 1, "not_before": NOW - HOUR},
        {"batch_id": 6, "slice": 1, "not_before": NOW - HOUR},
        {"batch_id": 7, "slice": 2},
        {"batch_id": 8, "slice": 1, "lane": 1},
        {"batch_id": 9, "slice": 1, "target": "crm"},
        {"batch_id": 10, "slice": 1, "state": "done"},
    )
    values = DUE | {"target": "ma", "slices": 2, "slice": 1}
    new = ask(connection, queries, "lock_claimable_batches", **values, is_retry=False)
    assert [(row[0], row[2], row[3]) for row in new] == [(1, "[]", False), (2, None, True)]
    again = ask_first(connection, queries, "lock_claimable_batches", **values, is_retry=True)
    assert again == [5, 6, 3]


def test_a_call_is_stored_once_and_of_its_row_alone(connection: Connection) -> None:
    for number, body in ((1, None), (2, "first"), (3, None)):
        add(connection, "delivery.outbox", outbox_id=number, body=body, lead_id=number)
        add(connection, "delivery.batches", batch_id=number, body=body)
    for number in (1, 2):
        call = {"request": None, "body": "call"}
        ask(connection, queries, "store_effect_call", outbox_id=number, **call)
        ask(connection, queries, "store_batch_call", batch_id=number, **call)
    ask(connection, queries, "claim_effects", outbox_ids=[2], now=NOW)
    ask(connection, queries, "claim_batches", batch_ids=[2], now=NOW)
    for table, key in (("outbox", "outbox_id"), ("batches", "batch_id")):
        rows = connection.execute(f"select body, first_sent_at from delivery.{table} order by {key}".encode())
        assert rows.fetchall() == [("call", None), ("first", NOW), (None, None)]
    assert ask_first(connection, queries, "read_waiting", outbox_ids=[3, 1]) == [1, 3]
