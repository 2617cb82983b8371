"""What is asked after a database went back: marks and holds, and what the other systems have of it."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.database_mark import queries
from leadops.delivery.realign_ma import queries as ma_queries
from tests.delivery.rows import HOUR, NOW, SECOND, add, add_all, ask, ask_first, call_rows, select

pytestmark = pytest.mark.uncommitted

PAST = NOW - HOUR


def add_leads(connection: Connection, *leads: int) -> None:
    for lead in leads:
        add(connection, "identity.leads", lead_id=lead, email=f"{lead}@x.example")


def know(connection: Connection, lead: int, external_id: str, target: str, **columns: Any) -> None:
    add(connection, "delivery.external_ids", lead_id=lead, external_id=external_id, target=target, **columns)


def set_crm_leads(connection: Connection, *leads: tuple[str, str, str | None, str | None]) -> None:
    """Each is the id, the address, the key of its request, and its owner."""
    ask(connection, queries, "create_crm_leads")
    rows = [
        (external_id, f"{email}@x.example", f"h{email}", key, owner)
        for external_id, email, key, owner in leads
    ]
    queries.copy(connection, "copy_crm_leads", rows)


def set_ma_leads(connection: Connection, *leads: tuple[str, str | None, int | None, int | None]) -> None:
    """Each is the id, the address, the score, and the number that we gave it."""
    ask(connection, ma_queries, "create_restored_leads")
    rows = [
        (external_id, f"{email}@x.example" if email else None, score, number)
        for external_id, email, score, number in leads
    ]
    ma_queries.copy(connection, "copy_restored_leads", rows)


def test_the_epoch_is_that_of_the_last_hold_that_ended(connection: Connection) -> None:
    def read(epoch: str | None) -> Any:
        return ask(connection, queries, "read_mark", epoch=epoch, holder="ma")[0]

    assert [read(epoch) for epoch in (None, "", "b")] == [
        ("", True, None),
        ("", True, None),
        ("", False, None),
    ]
    assert ask_first(connection, queries, "find_hold") == []
    hold = {"reason": "mark", "held_at": PAST}
    for number, opened_at, epoch in ((1, NOW - HOUR, "a"), (2, NOW, "b"), (3, None, None)):
        lost = {"lost_since": NOW - number * HOUR, "opened_at": opened_at, "epoch": epoch}
        add(connection, "delivery.holds", hold_id=number, **hold, **lost)
    for holder, mark in (("ma", 7), ("crm", 9)):
        add(connection, "delivery.marks", holder=holder, mark=mark, since=PAST, marked_at=PAST)
    assert [read(epoch) for epoch in ("a", "c")] == [("b", True, 7), ("b", False, 7)]
    assert ask_first(connection, queries, "find_hold") == [3]
    lost = {"ended_after": PAST}
    assert ask_first(connection, queries, "find_lost_time", **lost) == [NOW - 3 * HOUR]
    ask(connection, queries, "end_hold", hold_id=2, now=NOW + HOUR)
    ask(connection, queries, "end_hold", hold_id=9, now=NOW + HOUR)
    assert select(connection, "select opened_at from delivery.holds order by 1") == [PAST, NOW, None]
    connection.execute("delete from delivery.holds where hold_id = 3")
    assert ask_first(connection, queries, "find_lost_time", **lost) == [NOW - 2 * HOUR]
    assert ask_first(connection, queries, "find_lost_time", ended_after=NOW) == [None]
    assert ask_first(connection, queries, "find_start", holder="ma") == [PAST]
    assert ask_first(connection, queries, "advance_mark", holder="ma", now=NOW) == [8]
    add_all(connection, "delivery.outbox", {"outbox_id": 1, "created_at": NOW + HOUR}, {"outbox_id": 2})
    assert ask_first(connection, queries, "find_last_moment") == [NOW]
    connection.execute("delete from delivery.marks")
    assert ask_first(connection, queries, "find_last_moment") == [NOW + HOUR]


def test_what_the_crm_has_that_is_new_here(connection: Connection) -> None:
    add_leads(connection, 1, 2, 3, 4, 5)
    know(connection, 1, "c1", "crm")
    know(connection, 2, "c2", "ma")
    add(connection, "delivery.found_leads", target="crm", external_id="c3")
    add(connection, "delivery.found_leads", target="ma", external_id="c4")
    for number, key, columns in (
        (1, "k2", {}),
        (2, "k4", {"state": "sending"}),
        (3, "k5", {"state": "done"}),
        (4, "k5", {"target": "ma"}),
        (5, "k5", {"operation": "set_owner"}),
        (6, "k6", {"lead_id": None}),
    ):
        values = {"operation": "create_lead", "lead_id": number, "idempotency_key": f"o{number}"} | columns
        add(connection, "delivery.outbox", outbox_id=number, **values)
        payload = "update delivery.outbox set payload = jsonb_build_object('idempotency_key', %s::text)"
        connection.execute(f"{payload} where outbox_id = %s".encode(), [key, number])
    leads: list[tuple[str, str, str | None, str | None]] = [
        ("c1", "1", None, "o1"),
        ("c2", "2", "k2", None),
        ("c3", "9", None, None),
        ("c4", "8", "k4", "o4"),
        ("c5", "7", "k5", None),
        ("c10", "6", "k6", None),
    ]
    set_crm_leads(connection, *leads)
    totals = ask(connection, queries, "sum_difference", max_rows=3)
    assert totals == [(6, 3, 1, 3, ["c10", "c5", "c4"])]
    assert ask(connection, queries, "find_requests") == [(1, 1, "c2"), (2, 2, "c4")]
    assert ask(connection, queries, "list_owners") == [(1, "o1")]
    ask(connection, queries, "settle_request", outbox_id=1, now=NOW)
    done = "select outbox_id from delivery.outbox where state = 'done' order by 1"
    assert select(connection, done) == [1, 3]
    ask(connection, queries, "keep_found", now=NOW)
    found = "select external_id from delivery.found_leads where target = 'crm' order by external_id"
    assert select(connection, found) == ["c10", "c2", "c3", "c4", "c5"]
    queries.copy(connection, "copy_crm_leads", [("c1", "later", "h", None, "o2")])
    ask(connection, queries, "delete_repeated")
    assert ask(connection, queries, "list_owners") == [(1, "o2")]
    assert ask_first(connection, queries, "sum_difference", max_rows=2) == [6]


def test_people_that_the_crm_has_get_its_newest_id(connection: Connection) -> None:
    add_leads(connection, 1, 2, 3, 4)
    know(connection, 1, "c1", "crm")
    know(connection, 2, "c4", "ma")
    set_crm_leads(
        connection,
        ("c9", "1", None, None),  # another id for a lead that has one
        ("c1", "2", None, None),  # an id that is another lead's
        ("c2", "2", None, None),
        ("c10", "2", None, None),
        ("c3", "2", None, None),
        ("c4", "3", None, None),
        ("c5", "3", None, None),
        ("c6", "unknown", None, None),
        ("c1", "4", None, None),
    )
    assert ask(connection, queries, "find_known_people") == [(2, "c10"), (3, "c5")]


def test_requests_for_owners_are_dropped_and_found_leads_are_taken_once(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "lead_id": 1, "operation": "set_owner"},
        {"outbox_id": 2, "lead_id": 1, "operation": "set_owner", "state": "sending"},
        {"outbox_id": 3, "lead_id": 1, "operation": "set_owner", "state": "dead"},
        {"outbox_id": 4, "lead_id": 1, "operation": "set_owner", "target": "ma"},
        {"outbox_id": 5, "lead_id": 1, "operation": "note"},
        {"outbox_id": 6, "lead_id": 2, "operation": "set_owner"},
    )
    ask(connection, queries, "drop_owner_requests", lead_ids=[1], now=NOW)
    dropped = "select outbox_id from delivery.outbox where state = 'dropped' order by 1"
    assert select(connection, dropped) == [1, 2]
    for external_id, columns in (
        ("c9", {}),
        ("c10", {}),
        ("c8", {}),
        ("c11", {"taken_at": PAST}),
        ("c12", {"address_hash": "other"}),
        ("c13", {"target": "ma"}),
    ):
        add(connection, "delivery.found_leads", **{"external_id": external_id, "target": "crm"} | columns)
    values = {"target": "crm", "address_hash": "h", "now": NOW}
    taken = [ask_first(connection, queries, "take_found", **values) for _ in range(4)]
    assert taken == [["c10"], ["c9"], ["c8"], []]


def test_what_was_sent_to_each_lead_of_the_ma(connection: Connection) -> None:
    for lead in range(1, 10):
        know(connection, lead, f"x{lead}", "ma")
    know(connection, 10, "x1", "ma")
    know(connection, 11, "x11", "ma", state="unaligned")
    know(connection, 12, "x12", "crm")
    for seq, lead, points in ((1, 1, 5), (2, 10, 6), (3, 2, 7), (4, 3, 8), (5, 3, 1), (6, 4, 9), (7, 5, 4)):
        add(connection, "scoring.ledger", seq=seq, lead_id=lead, points=points)
    add(connection, "delivery.held_deltas", ledger_seq=3, lead_id=2)
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x3", 4)))
    add(connection, "delivery.held_deltas", ledger_seq=5, lead_id=3)
    dead = {"kind": "delta", "state": "dropped", "points": 9}
    add(connection, "delivery.dead_letters", dead_letter_id=1, reference=6, lead_id=4, **dead)
    add(connection, "delivery.held_deltas", ledger_seq=7, lead_id=5, target="crm")
    correction = {"target": "ma", "operation": "correct_score"}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "lead_id": 6} | correction,
        {"outbox_id": 2, "lead_id": 7} | correction | {"state": "done"},
        {"outbox_id": 3, "lead_id": 7} | correction | {"operation": "note"},
        {"outbox_id": 4, "lead_id": 7} | correction | {"target": "crm"},
        {"outbox_id": 5, "lead_id": 10} | correction,
    )
    letter = {"kind": "effect", "reference": 0}
    add_all(
        connection,
        "delivery.dead_letters",
        {"dead_letter_id": 2, "lead_id": 8} | letter,
        {"dead_letter_id": 3, "lead_id": 9, "target": "crm"} | letter,
    )
    ask(connection, ma_queries, "create_sent_points")
    sent = select(connection, "select * from sent_points order by lead_id")
    assert sent == [
        ("x1", 1, 11, True),  # a correction of one of the two is under way
        ("x2", 2, 0, False),
        ("x3", 3, 0, True),
        ("x4", 4, 9, False),
        ("x5", 5, 4, False),
        ("x6", 6, 0, True),
        ("x7", 7, 0, False),
        ("x8", 8, 0, True),
        ("x9", 9, 0, False),
    ]
    ask(connection, ma_queries, "drop_sent_points")


def test_where_nothing_differs(connection: Connection) -> None:
    set_ma_leads(connection, ("x1", None, None, 3))
    ask(connection, ma_queries, "create_sent_points")
    (row,) = ask(connection, ma_queries, "sum_difference", max_rows=2, most_lost=3)
    assert row == (1, 1, ["x1"], 0, 0, 0, 0, 0, [], 0, 3)
    connection.execute("delete from restored_leads")
    (row,) = ask(connection, ma_queries, "sum_difference", max_rows=2, most_lost=3)
    assert row == (0, 0, [], 0, 0, 0, 0, 0, [], 0, 0)
    ask(connection, ma_queries, "drop_sent_points")
    set_crm_leads(connection)
    assert ask(connection, queries, "sum_difference", max_rows=2) == [(0, 0, 0, 0, [])]


def test_owners_of_the_leads_that_are_known(connection: Connection) -> None:
    know(connection, 2, "c1", "crm")
    know(connection, 1, "c2", "crm")
    know(connection, 3, "c3", "crm")
    know(connection, 4, "c4", "ma")
    owned = [(f"c{number}", str(number), None, f"o{number}") for number in (1, 2, 4, 5)]
    set_crm_leads(connection, *owned, ("c3", "3", None, None))
    assert ask(connection, queries, "list_owners") == [(1, "o2"), (2, "o1")]


def test_what_the_ma_has_that_is_new_here(connection: Connection) -> None:
    add_leads(connection, 1, 2, 3, 4, 5, 7, 20)
    points = {1: 5, 2: 7, 3: 1, 4: 4, 7: 2}
    for lead in points:
        know(connection, lead, f"x{lead}", "ma")
        add(connection, "scoring.ledger", seq=lead, lead_id=lead, points=points[lead])
    know(connection, 5, "x9", "crm")
    add_all(connection, "delivery.batches", {"batch_id": 1, "lane": 1}, {"batch_id": 2, "state": "done"})
    add_all(connection, "delivery.outbox", {"outbox_id": 1, "state": "sending"}, {"outbox_id": 2})
    set_ma_leads(
        connection,
        ("x1", "1", 8, 25),  # ahead by 3
        ("x2", "2", 4, 26),  # behind by 3
        ("x3", "moved", 1, 24),
        ("x4", "4", 5, None),  # ahead by 1
        ("x7", "7", 2, None),
        ("x9", "9", 9, None),  # of nobody here
        ("x10", "10", 0, None),
        ("x8", None, 9, None),
        ("x5", "5", 9, None),  # of somebody whose id is not known
    )
    ask(connection, ma_queries, "create_sent_points")
    (row,) = ask(connection, ma_queries, "sum_difference", max_rows=9, most_lost=5)
    assert row == (9, 3, ["x10", "x9", "x8"], 1, 2, 4, 1, 3, [1, 2, 4], 2, 25)
    (row,) = ask(connection, ma_queries, "sum_difference", max_rows=2, most_lost=0)
    assert (row[2], row[8], row[10]) == (["x10", "x9"], [1, 2], 0)
    ask(connection, ma_queries, "keep_found", now=NOW)
    found = "select external_id from delivery.found_leads where target = 'ma' order by external_id"
    assert select(connection, found) == ["x5", "x9"]
    connection.execute("update sent_points set is_unknown = true where lead_id = 3")
    connection.execute("update delivery.external_ids set state = 'gone' where lead_id = 4")
    assert ask_first(connection, ma_queries, "find_gone_again") == ["x4"]
    connection.execute("update delivery.external_ids set target = 'crm' where lead_id = 4")
    assert ask_first(connection, ma_queries, "find_gone_again") == []
    connection.execute("update delivery.external_ids set target = 'ma' where lead_id = 4")
    know(connection, 6, "x1", "crm")
    ask(connection, ma_queries, "unalign_differing", reason="restored", now=NOW)
    unaligned = "select lead_id from delivery.external_ids where state = 'unaligned' order by 1"
    assert select(connection, unaligned) == [1, 2, 3]
    ma_queries.copy(connection, "copy_restored_leads", [("x3", None, 2, None)])
    ask(connection, ma_queries, "delete_repeated")
    kept = "select score from restored_leads where external_id in ('x2', 'x3') order by external_id"
    assert select(connection, kept) == [4, 2]
    ask(connection, ma_queries, "drop_sent_points")


def test_leads_whose_id_was_lost(connection: Connection) -> None:
    add_leads(connection, 1, 2, 3, 4, 5, 6)
    know(connection, 2, "x2", "ma")
    know(connection, 3, "former", "ma")
    know(connection, 4, "held", "ma")
    know(connection, 5, "gone", "ma", state="gone")
    know(connection, 6, "now6", "crm")
    set_ma_leads(
        connection,
        ("b", "1", 0, None),
        ("B", "1", 0, None),
        ("x2", "2", 0, None),
        ("second", "2", 0, None),  # the one that we know is there too
        ("former", "other", 0, None),
        ("now", "3", 0, None),
        ("now4", "4", 0, None),
        ("now5", "5", 0, None),
        ("now6", "6", 0, None),
    )
    lost = sorted(ask(connection, ma_queries, "find_lost_ids"))
    assert lost == [(1, "B"), (3, "now"), (4, "now4"), (6, "now6")]


def test_what_waits_and_what_is_under_way_is_held(connection: Connection) -> None:
    for seq, lane in ((1, 0), (2, 0), (3, 0), (4, 1), (5, 1), (6, None)):
        add(connection, "scoring.ledger", seq=seq, lead_id=seq, lane=lane)
    add(connection, "delivery.cursors", target="ma", lane=0, ledger_seq=1)
    add(connection, "delivery.held_deltas", ledger_seq=2, lead_id=2)
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x1", 1), ("x6", 6)))
    ask(connection, ma_queries, "hold_waiting")
    held = "select ledger_seq, lead_id, lane from delivery.held_deltas order by 1"
    assert select(connection, held) == [(2, 2, 0), (3, 3, 0), (4, 4, 1), (5, 5, 1)]
    cursors = "select target, lane, ledger_seq from delivery.cursors order by lane"
    assert select(connection, cursors) == [("ma", 0, 3), ("ma", 1, 5)]
    add(connection, "delivery.batches", batch_id=2, rows=call_rows(("y", 7)), target="crm")
    add(connection, "scoring.ledger", seq=7, lead_id=7, lane=1)
    add(connection, "delivery.cursors", target="crm", lane=0, ledger_seq=1)
    connection.execute("update delivery.cursors set ledger_seq = 9 where target = 'ma'")
    add(connection, "scoring.ledger", seq=8, lead_id=8, lane=1)
    add(connection, "delivery.dead_letters", dead_letter_id=1, reference=8, lead_id=8, points=1)
    ask(connection, ma_queries, "hold_under_way")
    assert select(connection, held)[-3:] == [(4, 4, 1), (5, 5, 1), (6, 6, 1)]
    assert select(connection, held)[0] == (1, 1, 0)
    add(connection, "delivery.batches", batch_id=3, state="done")
    correction = {"target": "ma", "operation": "correct_score"}
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1} | correction,
        {"outbox_id": 2} | correction | {"state": "dead"},
        {"outbox_id": 3} | correction | {"operation": "note"},
        {"outbox_id": 4} | correction | {"target": "crm"},
        {"outbox_id": 5} | correction | {"state": "sending"},
    )
    for statement in ("drop_batches", "drop_corrections"):
        ask(connection, ma_queries, statement, reason="r", now=NOW + SECOND)
    states = "select batch_id from delivery.batches where state = 'dropped' order by 1"
    assert select(connection, states) == [1]
    dropped = "select outbox_id from delivery.outbox where state = 'dropped' order by 1"
    assert select(connection, dropped) == [1, 5]
