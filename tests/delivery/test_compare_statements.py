"""What the nightly comparison and the reading back ask: one lead for each case, worked by hand."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.compare_scores import queries
from tests.delivery.rows import HOUR, NOW, add, add_all, ask, ask_first, call_rows

pytestmark = pytest.mark.uncommitted


def add_leads(connection: Connection, last: int) -> None:
    for lead in range(1, last + 1):
        add(connection, "identity.leads", lead_id=lead, email=f"{lead}@x.example")


def know(connection: Connection, *leads: int, **columns: Any) -> None:
    for lead in leads:
        values = {"external_id": f"x{lead}"} | columns
        add(connection, "delivery.external_ids", lead_id=lead, **values)


def give(connection: Connection, *rows: tuple[int, int, int], **columns: Any) -> None:
    """Rows of the ledger: seq, lead and points; by default of no lane, so that they wait for no call."""
    for seq, lead, points in rows:
        add(connection, "scoring.ledger", seq=seq, lead_id=lead, points=points, **columns)


def set_ma_scores(connection: Connection, scores: dict[str, int]) -> None:
    ask(connection, queries, "create_ma_scores")
    connection.execute("delete from ma_scores")
    queries.copy(connection, "copy_ma_scores", list(scores.items()))


def compare(connection: Connection, *, sets_totals: bool = False) -> dict[int, Any]:
    """Compare; return by lead its id, ledger, score, the MA's score, points under way, and the two marks."""
    rows = ask(connection, queries, "compare_scores", sets_totals=sets_totals)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    return {row[0]: row[1:] for row in rows}


def test_a_lead_differs_where_its_score_does(connection: Connection) -> None:
    add_leads(connection, 9)
    connection.execute("update identity.leads set email = null where lead_id in (6, 8)")
    know(connection, 1, 2, 8)
    know(connection, 3, 9, state="gone")
    know(connection, 5, target="crm")
    give(connection, (1, 1, 5), (2, 2, 5), (3, 3, 5), (4, 4, 5), (5, 5, 4), (6, 6, 5), (8, 8, 5), (9, 9, 3))
    for lead, score in ((1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (6, 5), (8, 5), (9, 4)):
        add(connection, "scoring.scores", lead_id=lead, behaviour=score)
    set_ma_scores(connection, {"x1": 5, "x2": 4, "x3": 4, "x5": 5, "x8": 6, "x99": 1})
    assert compare(connection) == {
        2: ("x2", 5, 5, 4, 0, False, False),
        4: (None, 5, 5, None, 0, False, False),  # not there, though it has points and an address
        5: (None, 4, 5, None, 0, False, True),  # the ledger and the score differ
        8: ("x8", 5, 5, 6, 0, False, False),
        9: ("x9", 3, 4, None, 0, False, True),  # gone, but our own two numbers differ
    }


def test_leads_with_one_id_share_its_score(connection: Connection) -> None:
    add_leads(connection, 4)
    know(connection, 1, 2, 3, 4, external_id="x")
    give(connection, (1, 1, 5), (2, 2, 7), (3, 4, 2))
    add_all(connection, "scoring.scores", {"lead_id": 1, "fit": 5}, {"lead_id": 2, "behaviour": 7})
    set_ma_scores(connection, {"x": 14})
    assert compare(connection) == {1: ("x", 14, 12, 14, 0, False, True)}
    add(connection, "scoring.scores", lead_id=4, fit=2)
    assert compare(connection) == {}
    # Of a total that one of them waits for, all of them know nothing, and nothing is counted twice.
    due = {"external_id": "x", "due_at": NOW}
    add_all(connection, "delivery.totals", {"lead_id": 2} | due, {"lead_id": 3, "external_id": "x"})
    assert compare(connection, sets_totals=True) == {1: ("x", 14, 14, 14, 0, True, False)}
    assert compare(connection) == {}
    connection.execute("update identity.leads set email = null where lead_id = 4")
    set_ma_scores(connection, {})
    assert compare(connection) == {1: ("x", 14, 14, None, 0, False, False)}
    connection.execute("update delivery.external_ids set state = 'gone' where lead_id = 3")
    assert compare(connection) == {}


def test_what_makes_the_score_in_the_ma_unknown(connection: Connection) -> None:
    add_leads(connection, 12)
    know(connection, 1, 2, 3, 4, 9, 10, 11, 12)
    know(connection, 5, state="unaligned")
    know(connection, 6, state="recreating")
    know(connection, 7, 8)
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "lead_id": 1, "target": "ma", "operation": "correct_score"},
        {"outbox_id": 2, "lead_id": 2, "target": "ma", "operation": "correct_score", "state": "done"},
        {"outbox_id": 3, "lead_id": 3, "target": "crm", "operation": "correct_score"},
        {"outbox_id": 4, "lead_id": 4, "target": "ma", "operation": "set_fields"},
    )
    add_all(
        connection,
        "delivery.totals",
        {"lead_id": 7, "external_id": "x7", "due_at": NOW},
        {"lead_id": 8, "external_id": "x8"},
        {"lead_id": 9, "external_id": "former", "due_at": NOW},
        {"lead_id": 10, "external_id": "x10", "due_at": NOW, "target": "crm"},
    )
    set_ma_scores(connection, {f"x{lead}": 0 for lead in range(1, 13)} | {"x11": 1})
    unknown = {lead: (f"x{lead}", 0, 0, 0, 0, True, False) for lead in (1, 5, 6)}
    eleven = {11: ("x11", 0, 0, 1, 0, False, False)}
    assert compare(connection) == unknown | eleven
    assert compare(connection, sets_totals=True) == unknown | eleven | {7: ("x7", 0, 0, 0, 0, True, False)}


def test_points_under_way(connection: Connection) -> None:
    add_leads(connection, 5)
    know(connection, 1, 2, 3, 4, 5)
    give(connection, (1, 1, 5), (2, 2, 6), (3, 3, 7), (4, 4, 8), (5, 5, 9), (6, 5, -9))
    give(connection, (7, 3, 2))
    give(connection, (9, 2, 1), lane=0)
    for lead, score in ((1, 5), (2, 7), (3, 9), (4, 8)):
        add(connection, "scoring.scores", lead_id=lead, fit=score)
    add_all(
        connection, "delivery.held_deltas", {"ledger_seq": 1, "lead_id": 1}, {"ledger_seq": 7, "lead_id": 3}
    )
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x3", 3)))
    add(connection, "delivery.batches", batch_id=2, rows=call_rows(("x5", 5), ("x5", 6)))
    dead = {"lead_id": 4, "kind": "delta"}
    add(connection, "delivery.dead_letters", dead_letter_id=1, reference=4, state="dropped", **dead)
    set_ma_scores(connection, {"x1": 0, "x2": 6, "x3": 7, "x4": 8, "x5": 0})
    known = {
        1: ("x1", 5, 5, 0, 5, False, False),
        2: ("x2", 7, 7, 6, 1, False, False),
        3: ("x3", 9, 9, 7, 9, True, False),
        5: ("x5", 0, 0, 0, 0, True, False),  # two changes in one call that make nothing
    }
    assert compare(connection) == known
    connection.execute("update delivery.dead_letters set state = 'open'")
    totals = compare(connection, sets_totals=True)
    assert {lead: row[4:6] for lead, row in totals.items()} == {
        1: (5, True),
        2: (1, True),
        3: (9, True),
        4: (8, False),
        5: (0, True),
    }


def test_the_leads_of_the_ma_that_nobody_knows(connection: Connection) -> None:
    know(connection, 1, 3)
    know(connection, 2, state="gone")
    know(connection, 7, state="gone", external_id="x2")
    know(connection, 4, target="crm", state="gone")
    set_ma_scores(connection, {"x1": 1, "x2": 2, "x4": 3, "x10": 4, "x9": 5})
    assert ask_first(connection, queries, "count_unmatched") == [3]
    unmatched = ask(connection, queries, "list_unmatched", max_rows=9)
    assert unmatched == [("x4", 3), ("x9", 5), ("x10", 4)]
    assert ask(connection, queries, "list_unmatched", max_rows=1) == [("x4", 3)]
    assert ask_first(connection, queries, "find_gone") == ["x2"]
    queries.copy(connection, "copy_ma_scores", [("x9", 7), ("x4", 3)])
    ask(connection, queries, "delete_repeated_scores")
    kept = connection.execute("select * from ma_scores order by 1, 2").fetchall()
    assert kept == [("x1", 1), ("x10", 4), ("x2", 2), ("x4", 3), ("x9", 7)]


def read(connection: Connection, lead: int, *, sets_totals: bool = False) -> dict[str, Any]:
    cursor = connection.execute(
        queries.statements["read_lead"], {"lead_id": lead, "sets_totals": sets_totals}
    )
    row = cursor.fetchone()
    assert row
    assert cursor.description
    return dict(zip([column.name for column in cursor.description], row, strict=True))


#: Of a lead without points of which nobody knows anything.
NOTHING: dict[str, Any] = {
    "ledger": 0,
    "score": 0,
    "is_inconsistent": False,
    "under_way": 0,
    "held": 0,
    "is_unknown": False,
    "ledger_rows": 0,
    "newest_seq": 0,
    "open_rows": 0,
    "correction_id": None,
    "is_refused": False,
    "is_present": True,
    "sharers": 1,
}


def test_a_lead_is_read_with_those_that_share_its_id(connection: Connection) -> None:
    know(connection, 1, 2, external_id="x")
    know(connection, 3, 5)
    know(connection, 1, 3, target="crm", external_id="y")
    know(connection, 9, target="crm", external_id="x")
    give(connection, (1, 2, 4), (2, 1, 5), (3, 1, -2), (4, 3, 9))
    add_all(connection, "scoring.scores", {"lead_id": 1, "fit": 3}, {"lead_id": 2, "fit": 4})
    both = {"ledger": 7, "score": 7, "ledger_rows": 3, "newest_seq": 3, "sharers": 2}
    assert read(connection, 1) == NOTHING | both
    assert read(connection, 4) == NOTHING
    connection.execute("update delivery.external_ids set state = 'gone' where target = 'crm'")
    assert read(connection, 1)["is_present"]
    add(connection, "delivery.totals", lead_id=1, external_id="x", due_at=NOW, refused="r")
    open_total = {"is_unknown": True, "is_refused": True}
    assert read(connection, 1, sets_totals=True) == NOTHING | both | open_total
    add(connection, "delivery.totals", lead_id=2, external_id="x")
    assert read(connection, 1, sets_totals=True) == NOTHING | both | open_total
    connection.execute("update delivery.external_ids set state = 'gone' where target = 'ma' and lead_id = 1")
    connection.execute("update scoring.scores set fit = 2 where lead_id = 2")
    assert read(connection, 1) == NOTHING | both | {
        "score": 5,
        "is_present": False,
        "is_inconsistent": True,
    }


def test_what_is_open_of_a_lead(connection: Connection) -> None:
    know(connection, 1, 2, 3)
    know(connection, 8, external_id="x1")
    give(connection, (1, 1, 1), (2, 1, 2), (3, 1, 4), (4, 2, 8), (5, 2, 16), (6, 3, 32))
    add(connection, "delivery.held_deltas", ledger_seq=1, lead_id=1)
    dead = {"lead_id": 1, "kind": "delta"}
    add(connection, "delivery.dead_letters", dead_letter_id=1, reference=2, state="dropped", **dead)
    add(connection, "delivery.dead_letters", dead_letter_id=2, reference=3, **dead)
    one = read(connection, 1)
    assert (one["under_way"], one["held"], one["open_rows"], one["is_unknown"]) == (5, 1, 2, False)
    assert read(connection, 1, sets_totals=True)["is_unknown"]
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x2", 5)))
    two = read(connection, 2)
    assert (two["under_way"], two["held"], two["open_rows"], two["is_unknown"]) == (16, 0, 1, True)
    three = read(connection, 3, sets_totals=True)
    assert (three["under_way"], three["is_unknown"], three["is_refused"]) == (0, False, False)
    add(connection, "delivery.totals", lead_id=3, external_id="x3", due_at=NOW, refused="r")
    three = read(connection, 3)
    assert (three["is_unknown"], three["is_refused"]) == (False, False)
    three = read(connection, 3, sets_totals=True)
    assert (three["is_unknown"], three["is_refused"]) == (True, True)
    connection.execute("update delivery.totals set external_id = 'former'")
    three = read(connection, 3, sets_totals=True)
    assert (three["is_unknown"], three["is_refused"]) == (False, False)
    connection.execute("update delivery.totals set external_id = 'x3', target = 'crm'")
    three = read(connection, 3, sets_totals=True)
    assert (three["is_unknown"], three["is_refused"]) == (False, False)


def test_the_last_correction_of_a_lead(connection: Connection) -> None:
    know(connection, 1, 2)
    correction = {"ledger": 1, "ma": 2, "corrected_at": NOW}
    for number, lead, state in ((1, 1, "dead"), (2, 1, "pending"), (3, 2, "dead"), (4, 3, "done")):
        columns = {"target": "ma", "operation": "correct_score", "state": state}
        add(connection, "delivery.outbox", outbox_id=number, lead_id=lead, **columns)
        linked = {"lead_id": lead, "external_id": f"x{lead}", "outbox_id": number}
        add(connection, "delivery.score_corrections", correction_id=number, **linked, **correction)
    found = {lead: read(connection, lead) for lead in (1, 2, 3, 4)}
    answers = {
        lead: (row["correction_id"], row["is_unknown"], row["is_refused"]) for lead, row in found.items()
    }
    assert answers == {
        1: (2, True, False),
        2: (3, False, True),
        3: (4, False, False),
        4: (None, False, False),
    }


def test_points_that_are_settled_and_what_else_may_have_arrived(connection: Connection) -> None:
    know(connection, 1, 2, external_id="x")
    know(connection, 3, 4, 5)
    know(connection, 6, target="crm", external_id="x")
    give(connection, (1, 1, 1), (2, 2, 2), (3, 1, 4), (4, 1, 8), (5, 2, 16), (6, 6, 100), lane=1)
    give(connection, (7, 1, 1000))  # moved by a merge: it never went out
    give(connection, (11, 3, 5), (12, 3, 6), (13, 3, 7), (14, 4, 1), (15, 5, 3), lane=1)
    add(connection, "delivery.cursors", target="ma", lane=1, ledger_seq=99)
    add(connection, "delivery.batches", batch_id=1, rows=call_rows(("x", 3)))
    add(connection, "delivery.batches", batch_id=2, rows=call_rows(("x", 4), ("x", 5)))
    add(connection, "delivery.batches", batch_id=3, rows=call_rows(("x3", 12), ("x3", 13)), is_answered=True)
    add(connection, "delivery.batches", batch_id=4, rows=call_rows(("x4", 14)))
    add_all(
        connection,
        "delivery.outbox",
        {"outbox_id": 1, "lead_id": 2, "operation": "correct_score", "target": "ma"},
        {"outbox_id": 2, "lead_id": 2, "operation": "correct_score", "state": "done"},
        {"outbox_id": 3, "lead_id": 2, "operation": "set_fields"},
    )
    connection.execute("update delivery.outbox set payload = jsonb_build_object('points', outbox_id * -3)")
    add(connection, "delivery.outbox", outbox_id=4, lead_id=1, operation="correct_score", target="ma")
    letter = {"lead_id": 3, "points": 50, "reason": "unsure"}
    for number, columns in enumerate(
        (
            {},
            {"points": 51, "target": "crm", "reference": 1},
            {"points": 52, "kind": "effect"},
            {"points": 53, "state": "applied"},
            {"points": 54, "reason": "refused"},
        )
    ):
        values = letter | {"reference": 11 + number * 100} | columns
        add(connection, "delivery.dead_letters", dead_letter_id=number + 1, **values)
    values = {"target": "ma", "external_ids": ["x", "x3", "x4"], "batch_id": 1, "ambiguous": "unsure"}
    assert sorted(ask(connection, queries, "sum_settled_points", **values)) == [
        ("x", 3, [-3, 0, 24]),
        ("x3", 0, [6, 7, 50]),
        ("x4", 0, [1]),
    ]
    values |= {"batch_id": 4, "external_ids": ["x4", "x5"]}
    assert sorted(ask(connection, queries, "sum_settled_points", **values)) == [("x4", 0, []), ("x5", 3, [])]


def test_an_audit_is_ended_and_counted_by_its_night(connection: Connection) -> None:
    begin = {"audited_by": "n", "now": NOW, "correction_limit": 1, "missing_limit": 1}
    first, second = (
        ask_first(connection, queries, "insert_audit", night=night, **begin)[0]
        for night in ("2026-06-01", "2026-06-02")
    )
    for number, audit in ((1, first), (2, second), (3, second)):
        values = {"lead_id": 1, "external_id": "x", "ledger": 1, "ma": 2, "corrected_at": NOW}
        add(connection, "delivery.score_corrections", correction_id=number, audit_id=audit, **values)
    counts = [
        ask_first(connection, queries, "count_corrections", night=night)
        for night in ("2026-06-01", "2026-06-02", "2026-06-03")
    ]
    assert counts == [[1], [2], [0]]
    names = [
        "leads",
        "ma_leads",
        "under_way",
        "differing",
        "missing_in_ma",
        "inconsistent",
        "unmatched",
        "gone",
        "corrected",
    ]
    figures = dict.fromkeys(names, 1) | {"lead_ids": [1]}
    ask(connection, queries, "end_audit", audit_id=second, now=NOW + HOUR, **figures)
    ended = connection.execute("select ended_at from delivery.audits order by audit_id").fetchall()
    assert ended == [(None,), (NOW + HOUR,)]
