"""Which changes and totals become calls, and which are wanted: each lead is one case, worked by hand."""

import json
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.build_batches import queries
from leadops.delivery.build_totals import queries as total_queries
from leadops.delivery.claim_totals import queries as claim_queries
from leadops.queries import Queries
from tests.delivery.rows import HOUR, MINUTE, NOW, SECOND, add, add_all, ask, ask_first, call_rows, select

pytestmark = pytest.mark.uncommitted

BUILD: dict[str, Any] = {"target": "ma", "lane": 0, "batch_size": 2, "max_rows": 99, "now": NOW}


def know(connection: Connection, *leads: int, **columns: Any) -> None:
    for lead in leads:
        values = {"external_id": f"x{lead}"} | columns
        add(connection, "delivery.external_ids", lead_id=lead, **values)


def give(connection: Connection, *rows: tuple[int, int], lane: int | None = 0) -> None:
    """Rows of the ledger: the number and the lead."""
    for seq, lead in rows:
        add(connection, "scoring.ledger", seq=seq, lead_id=lead, lane=lane)


def hold(connection: Connection, *rows: tuple[int, int], **columns: Any) -> None:
    for seq, lead in rows:
        add(connection, "delivery.held_deltas", ledger_seq=seq, lead_id=lead, **columns)


def built(connection: Connection) -> list[tuple[Any, ...]]:
    """Return of each call that was built: its rows in order, those of the ledger, and where they begin."""
    rows = connection.execute(
        "select rows::text, ledger_seqs, from_seq from delivery.batches where created_at = %s"
        " and batch_id < 100 order by batch_id",
        [NOW],
    ).fetchall()
    return [
        ([f"{row['external_id']} {row['seq']}" for row in json.loads(text)], *more) for text, *more in rows
    ]


def held(connection: Connection) -> list[int]:
    return select(connection, "select ledger_seq from delivery.held_deltas order by 1")


def add_open(connection: Connection, *ids: str, **columns: Any) -> None:
    """An open call with a change of each of these ids."""
    values = {"batch_id": 100, "created_at": NOW - HOUR, "rows": call_rows(*((name, 1) for name in ids))}
    add(connection, "delivery.batches", **values | columns)


@pytest.mark.parametrize("of_totals", [False, True])
def test_held_changes_of_leads_that_are_there_become_calls(connection: Connection, of_totals: bool) -> None:
    know(connection, 1, 2, 3, 4)
    know(connection, 5, state="gone")
    know(connection, 6, target="crm")
    add_open(connection, "x4", not_before=NOW)
    give(connection, *((seq, 1) for seq in range(1, 20)))
    hold(connection, (11, 2), (12, 1), (13, 2), (14, 3), (15, 4), (17, 6))
    hold(connection, (18, 1), lane=1)
    hold(connection, (19, 1), target="crm")
    if of_totals:
        hold(connection, (16, 5))
        ask(connection, total_queries, "from_held", **BUILD)
        assert built(connection) == [
            (["x2 11", "x2 13", "x1 12"], [11, 12, 13], None),
            (["x3 14"], [14], None),
        ]
        assert held(connection) == [15, 16, 17, 18, 19]
    else:
        ask(connection, queries, "from_held", **BUILD | {"slices": 1})
        assert built(connection) == [
            (["x1 12", "x2 11"], [11, 12], None),
            (["x2 13", "x3 14"], [13, 14], None),
        ]
        assert held(connection) == [15, 17, 18, 19]


def test_as_many_held_changes_are_taken_as_were_asked_for(connection: Connection) -> None:
    know(connection, 1, 2)
    give(connection, *((seq, 1) for seq in range(1, 5)))
    hold(connection, (4, 1), (3, 2), (2, 2), (1, 1))
    ask(connection, total_queries, "from_held", **BUILD | {"max_rows": 3})
    assert built(connection) == [(["x1 1", "x2 2", "x2 3"], [1, 2, 3], None)]
    connection.execute("delete from delivery.batches")
    hold(connection, (3, 2), (2, 2), (1, 1))
    ask(connection, queries, "from_held", **BUILD | {"max_rows": 3, "batch_size": 3, "slices": 1})
    assert built(connection) == [(["x1 1", "x2 2", "x2 3"], [1, 2, 3], None)]
    assert held(connection) == [4]


def slices(connection: Connection) -> list[int]:
    return select(connection, "select distinct slices from delivery.batches where batch_id < 100")


def test_few_changes_are_not_divided_while_no_divided_call_is_open(connection: Connection) -> None:
    know(connection, 1, 2, 3)
    know(connection, 4, state="gone")
    give(connection, *((seq, 1) for seq in range(1, 9)))
    hold(connection, (3, 4))
    hold(connection, (4, 3), lane=1)
    hold(connection, (5, 3), target="crm")

    def divide(*, ledger: bool) -> list[int]:
        connection.execute("delete from delivery.batches where batch_id < 100")
        if ledger:
            ask(connection, queries, "from_ledger", **BUILD | {"slices": 8, "after": 6})
        else:
            hold(connection, (1, 1), (2, 2))
            ask(connection, queries, "from_held", **BUILD | {"slices": 8})
        connection.execute("delete from delivery.held_deltas where ledger_seq > 6")
        return slices(connection)

    divided = {"slices": 4, "rows": call_rows()}
    for number, (columns, expected) in enumerate(
        (
            ({"state": "done"}, [1]),
            ({"lane": 1}, [1]),
            ({"target": "crm"}, [1]),
            ({"not_before": NOW}, [1]),
            ({"slices": 1}, [1]),
            ({}, [8]),
        )
    ):
        connection.execute("delete from delivery.batches")
        add_open(connection, **{"batch_id": 100 + number} | divided | columns)
        assert divide(ledger=False) == expected, columns
        assert divide(ledger=True) == expected, columns
    connection.execute("delete from delivery.batches")
    hold(connection, (6, 3))
    assert divide(ledger=False) == [8], "three changes, where a call takes two"
    give(connection, (9, 1))
    assert divide(ledger=True) == [8]


@pytest.mark.parametrize("of_totals", [False, True])
def test_rows_of_the_ledger_become_calls_or_are_held(connection: Connection, of_totals: bool) -> None:
    know(connection, 1, 2, 3, 4)
    know(connection, 5, state="gone")
    know(connection, 6, target="crm")
    know(connection, 2, target="crm", external_id="other")
    add_open(connection, "x4", not_before=NOW)
    given = {"external_id": "x3", "lead_id": 3}
    add_all(
        connection,
        "delivery.totals",
        given | {"seq": 14},
        {"lead_id": 1, "external_id": "former", "seq": 99},
        {"lead_id": 2, "external_id": "x2", "seq": 99, "target": "crm"},
    )
    give(connection, (10, 1), (11, 2), (12, 1), (13, 2), (14, 3), (15, 3), (16, 4), (18, 6))
    give(connection, (19, 1), lane=1)
    if of_totals:
        give(connection, (17, 5))
        hold(connection, (18, 6))
        (answer,) = ask(connection, total_queries, "from_ledger", **BUILD | {"after": 10})
        assert answer == (8, 18, 19, 2)
        assert built(connection) == [
            (["x2 11", "x2 13", "x1 12"], [11, 12, 13], 11),
            (["x3 15"], [15], 15),
        ]
        assert held(connection) == [16, 17, 18]
    else:
        (answer,) = ask(connection, queries, "from_ledger", **BUILD | {"after": 10, "slices": 1})
        assert answer == (7, 18, 19, 3)
        assert built(connection) == [
            (["x1 12", "x2 11"], [11, 12], 11),
            (["x2 13", "x3 14"], [13, 14], 13),
            (["x3 15"], [15], 15),
        ]
        assert held(connection) == [16, 18]
    few = BUILD | {"after": 10, "slices": 1, "max_rows": 1}
    connection.execute("delete from delivery.held_deltas")
    connection.execute("delete from delivery.batches")
    statements = total_queries if of_totals else queries
    values = {name: value for name, value in few.items() if name != "slices" or not of_totals}
    assert ask(connection, statements, "from_ledger", **values) == [(1, 11, 19, 1)]


def test_cursors_of_each_lane_and_target(connection: Connection) -> None:
    for target, lane, seq in (("ma", 0, 5), ("ma", 1, 6), ("crm", 0, 7)):
        add(connection, "delivery.cursors", target=target, lane=lane, ledger_seq=seq)
    values = {"target": "ma", "lane": 0}
    assert ask_first(connection, queries, "lock_cursor", **values) == [5]
    ask(connection, queries, "insert_cursor", **values)
    ask(connection, queries, "move_cursor", **values, ledger_seq=9)
    cursors = "select ledger_seq from delivery.cursors order by target, lane"
    assert select(connection, cursors) == [7, 9, 6]


def test_what_waits_is_counted_by_lane(connection: Connection) -> None:
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "target": "ma"},
        {"outbox_id": 2, "target": "ma", "state": "sending"},
        {"outbox_id": 3, "target": "ma", "state": "done"},
        {"outbox_id": 4},
        {"outbox_id": 5, "target": "ma", "lane": 1},
    )
    add_all(
        connection,
        "delivery.batches",
        {"batch_id": 1},
        {"batch_id": 2, "state": "done"},
        {"batch_id": 3, "target": "crm"},
        {"batch_id": 4, "lane": 1},
        {"batch_id": 5, "lane": 1},
    )
    give(connection, (1, 1), (3, 2), (4, 2), (5, 9))
    give(connection, (2, 3), (7, 4), lane=1)
    for target, lane, seq in (("ma", 0, 2), ("crm", 0, 4), ("crm", 1, 6)):
        add(connection, "delivery.cursors", target=target, lane=lane, ledger_seq=seq)
    hold(connection, (1, 1))
    hold(connection, (2, 1), target="crm")
    hold(connection, (8, 8), lane=1)
    due = {"external_id": "x", "due_at": NOW}
    add_all(
        connection,
        "delivery.totals",
        {"lead_id": 2} | due,
        {"lead_id": 5} | due,
        {"lead_id": 6} | due | {"due_at": NOW + SECOND},
        {"lead_id": 7} | due | {"target": "crm"},
    )

    def count(target: str, *, sets_totals: bool) -> list[Any]:
        values = {"target": target, "sets_totals": sets_totals, "now": NOW, "again_lane": 1, "lanes": [1, 0]}
        return ask(connection, queries, "count_waiting", **values)

    assert count("ma", sets_totals=False) == [(0, 2, 1, 4, 0), (1, 1, 2, 3, 0)]
    assert count("ma", sets_totals=True) == [(0, 2, 1, 4, 3), (1, 1, 2, 3, 5)]
    assert count("crm", sets_totals=True) == [(0, 1, 1, 1, 1), (1, 0, 0, 0, 1)]


def test_unaligned_leads_get_their_total_again(connection: Connection) -> None:
    unaligned = {"state": "unaligned", "changed_at": NOW - HOUR}
    know(connection, 1, reason="r", **unaligned)
    know(connection, 2, reason="moved", **unaligned)
    know(connection, 3, not_before=NOW, **unaligned)
    know(connection, 4, not_before=NOW + SECOND, **unaligned)
    know(connection, 5)
    know(connection, 6, reason="there", **unaligned)
    know(connection, 7, reason="merged", **unaligned)
    know(connection, 8, target="crm", **unaligned)
    know(connection, 6, target="crm")
    add_all(
        connection,
        "delivery.totals",
        {"lead_id": 1, "external_id": "x1", "seq": 7, "refused": "r"},
        {"lead_id": 3, "external_id": "former", "seq": 8},
    )
    align = {"target": "ma", "moved": "moved", "there": "there", "now": NOW}
    ask(connection, total_queries, "align_leads", **align)
    rows = select(
        connection,
        "select lead_id, state, changed_at, reason from delivery.external_ids where target = 'ma' order by 1",
    )
    past = NOW - HOUR
    assert rows == [
        (1, "present", NOW, None),
        (2, "unaligned", past, "moved"),
        (3, "present", NOW, None),
        (4, "unaligned", past, None),
        (5, "present", None, None),
        (6, "present", past, "there"),
        (7, "present", NOW, "merged"),
    ]
    totals = select(connection, "select lead_id, seq, due_at, refused from delivery.totals order by 1")
    assert totals == [(1, 7, NOW, None), (3, 0, NOW, None), (6, 0, NOW, None), (7, 0, NOW, None)]


def test_totals_that_are_wanted_once_more(connection: Connection) -> None:
    know(connection, 1, 2, 3, 4, 7)
    know(connection, 5, state="gone")
    know(connection, 6, external_id="now")
    know(connection, 8, external_id="x2")
    know(connection, 9)
    know(connection, 10, external_id="x1")
    know(connection, 11, external_id="x6")
    know(connection, 4, target="crm")
    add_open(connection, "x3", not_before=NOW)
    due = {lead: {"lead_id": lead, "external_id": f"x{lead}", "due_at": NOW} for lead in range(1, 10)}
    due[2]["due_at"] = NOW - SECOND
    due[4]["due_at"] = NOW + SECOND
    due[8] |= {"external_id": "x2", "due_at": NOW - MINUTE}
    due[9]["due_at"] = NOW - 30 * SECOND
    due[10] = {"lead_id": 10, "external_id": "x1", "due_at": NOW}
    add_all(connection, "delivery.totals", *due.values())
    add(connection, "delivery.totals", lead_id=4, external_id="x4", due_at=NOW, target="crm")
    ask(connection, total_queries, "from_due", **BUILD | {"max_rows": 3})
    assert built(connection) == [(["x2 0", "x9 0"], [], None), (["x1 0"], [], None)]
    connection.execute("delete from delivery.batches where batch_id < 100")
    ask(connection, total_queries, "from_due", **BUILD)
    assert built(connection) == [(["x2 0", "x9 0"], [], None), (["x1 0", "x7 0"], [], None)]
    ask(connection, total_queries, "from_due", **BUILD | {"target": "crm"})
    assert built(connection)[2:] == [(["x4 0"], [], None)]


def test_calls_of_another_lane_that_a_change_waits_for(connection: Connection) -> None:
    know(connection, 1, 2, 3)
    know(connection, 4, state="gone")
    know(connection, 5, target="crm")
    hold(connection, (1, 1), (4, 4), (5, 5))
    hold(connection, (2, 2), lane=1)
    hold(connection, (3, 3), target="crm")
    for number, (name, columns) in enumerate(
        (
            ("x1", {}),
            ("x1", {"state": "done"}),
            ("x1", {"target": "crm"}),
            ("x2", {}),
            ("x3", {}),
            ("x4", {}),
            ("x5", {}),
        )
    ):
        values = {"batch_id": number + 1, "lane": 1, "rows": call_rows((name, 1))}
        add(connection, "delivery.batches", **values | columns)
    ask(connection, total_queries, "promote_batches", target="ma", lane=0)
    assert select(connection, "select batch_id from delivery.batches where lane = 0") == [1]


def test_lanes_in_which_totals_are_wanted(connection: Connection) -> None:
    def lanes() -> list[int]:
        values = {"target": "ma", "now": NOW, "moved": "moved", "again_lane": 1, "lanes": [0, 1]}
        return ask_first(connection, total_queries, "list_lanes", **values)

    know(connection, 1, 2, 3)
    know(connection, 4, state="gone")
    know(connection, 5, target="crm")
    due = {"due_at": NOW}
    add_all(
        connection,
        "delivery.totals",
        {"lead_id": 1, "external_id": "x1", "due_at": NOW + SECOND},
        {"lead_id": 2, "external_id": "former"} | due,
        {"lead_id": 3, "external_id": "x3", "target": "crm"} | due,
        {"lead_id": 4, "external_id": "x4"} | due,
        {"lead_id": 5, "external_id": "x5"} | due,
        {"lead_id": 6, "external_id": "x1"} | due,
    )
    know(connection, 7, state="unaligned", reason="moved")
    know(connection, 8, state="unaligned", not_before=NOW + SECOND)
    know(connection, 9, state="unaligned", target="crm")
    assert lanes() == []
    connection.execute("update delivery.totals set due_at = %s where lead_id = 1", [NOW])
    assert lanes() == [1]
    know(connection, 10, state="unaligned", not_before=NOW)
    assert lanes() == [0, 1]
    connection.execute("update delivery.external_ids set not_before = null where lead_id = 10")
    assert lanes() == [0, 1]


def want(connection: Connection, statements: Queries, name: str, **values: Any) -> list[Any]:
    ask(connection, statements, name, **values)
    return select(
        connection, "select lead_id, external_id, seq, due_at, refused from delivery.totals order by 1"
    )


def test_a_total_is_wanted_taken_or_refused(connection: Connection) -> None:
    know(connection, 1, 2, 3, 4)
    know(connection, 1, target="crm", external_id="other")
    add_all(
        connection,
        "delivery.totals",
        {"lead_id": 1, "external_id": "x1", "seq": 7, "refused": "r"},
        {"lead_id": 2, "external_id": "former", "seq": 8},
    )
    for lead in (1, 2, 3):
        rows = want(connection, total_queries, "want_total", target="ma", lead_id=lead, now=NOW)
    assert rows == [(1, "x1", 7, NOW, None), (2, "x2", 0, NOW, None), (3, "x3", 0, NOW, None)]
    taken = {"target": "ma", "lead_ids": [1, 2, 3, 4], "external_ids": ["x1", "x2", "x3", "former"]}
    more = {"seqs": [5, 9, 4, 9], "again_at": None}
    rows = want(connection, claim_queries, "record_taken", claimed_at=NOW, **taken, **more)
    assert rows == [(1, "x1", 7, None, None), (2, "x2", 9, None, None), (3, "x3", 4, None, None)]
    connection.execute("update delivery.totals set due_at = %s, external_id = 'former'", [NOW])
    more["again_at"] = NOW + SECOND
    rows = want(connection, claim_queries, "record_taken", claimed_at=NOW - SECOND, **taken, **more)
    again = NOW + SECOND
    assert rows == [(1, "x1", 5, again, None), (2, "x2", 9, again, None), (3, "x3", 4, again, None)]
    for name in ("x1", "x4"):
        refuse = {"target": "ma", "external_id": name, "reason": "r"}
        rows = want(connection, claim_queries, "record_refused", **refuse)
    assert rows == [
        (1, "x1", 5, None, "r"),
        (2, "x2", 9, again, None),
        (3, "x3", 4, again, None),
        (4, "x4", 0, None, "r"),
    ]
    ask(connection, total_queries, "forget_totals", lead_ids=[1, 2])
    assert select(connection, "select lead_id from delivery.totals order by 1") == [3, 4]
