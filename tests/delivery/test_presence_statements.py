"""What the rows of `external_ids` become: one lead for each state and reason, worked by hand."""

from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.presence import queries
from tests.delivery.rows import HOUR, MINUTE, NOW, SECOND, add, add_all, ask, ask_first, select

pytestmark = pytest.mark.uncommitted

PAST = NOW - HOUR


def know(connection: Connection, lead: int, external_id: str, **columns: Any) -> None:
    add(connection, "delivery.external_ids", lead_id=lead, external_id=external_id, **columns)


def read(connection: Connection, *leads: int, target: str = "ma") -> list[Any]:
    """Return id, state, changed_at, reason and not_before of the leads."""
    return select(
        connection,
        "select external_id, state, changed_at, reason, not_before from delivery.external_ids"
        " where target = %s and lead_id = any(%s) order by lead_id",
        [target, list(leads)],
    )


def test_those_that_share_a_former_id_are_aligned(connection: Connection) -> None:
    know(connection, 1, "old")
    know(connection, 2, "old", reason="r", not_before=NOW)
    know(connection, 3, "new", state="gone")
    know(connection, 4, "new")
    know(connection, 5, "old", state="gone")
    know(connection, 6, "third", state="gone")
    know(connection, 7, "third")
    know(connection, 1, "crm", target="crm")
    know(connection, 2, "old", target="crm")
    know(connection, 8, "crm")
    before = read(connection, 1, 4, 5, 6, 7, 8)
    values = {"lead_id": 1, "now": NOW}
    ask(connection, queries, "unalign_sharers", target="ma", external_id="new", **values)
    assert read(connection, 2, 3) == [
        ("old", "unaligned", NOW, "shared", None),
        ("new", "unaligned", NOW, "shared", None),
    ]
    assert read(connection, 1, 4, 5, 6, 7, 8) == before
    ask(connection, queries, "unalign_sharers", target="crm", external_id="new", **values)
    assert read(connection, 2, target="crm")[0][1] == "present", "only the MA sets scores"
    connection.execute("update delivery.external_ids set state = 'present' where lead_id = 2")
    ask(connection, queries, "unalign_sharers", target="ma", external_id="old", **values)
    assert [row[1] for row in read(connection, 2, 5)] == ["present", "unaligned"], "the id stays"


def test_a_lead_that_gets_an_id(connection: Connection) -> None:
    add(connection, "delivery.found_leads", target="ma", external_id="found")
    add(connection, "delivery.found_leads", target="crm", external_id="other")
    know(connection, 3, "same")
    know(connection, 4, "former")
    know(connection, 5, "same5", state="gone")
    know(connection, 6, "former", state="recreating")
    know(connection, 7, "former", target="crm", merged_into="m")
    for lead, external_id in ((1, "found"), (2, "other"), (3, "same"), (4, "new"), (5, "same5"), (6, "new6")):
        values = {"lead_id": lead, "external_id": external_id, "now": NOW}
        ask(connection, queries, "save_external_id", target="ma", **values)
    assert read(connection, 1, 2, 3, 4, 5, 6) == [
        ("found", "unaligned", NOW, "restored", None),
        ("other", "present", None, None, None),
        ("same", "present", NOW, "another id", None),
        ("new", "unaligned", NOW, "another id", None),
        ("same5", "unaligned", NOW, "another id", None),
        ("new6", "unaligned", NOW, "recreated", None),
    ]
    for lead, external_id in ((7, "new"), (8, "other"), (9, "found")):
        values = {"lead_id": lead, "external_id": external_id, "now": NOW}
        ask(connection, queries, "save_external_id", target="crm", **values)
    assert read(connection, 7, 8, 9, target="crm") == [
        ("new", "present", NOW, "another id", None),
        ("other", "present", None, None, None),
        ("found", "present", None, None, None),
    ]


def test_a_merge_in_the_target_is_followed(connection: Connection) -> None:
    know(connection, 1, "a")
    know(connection, 2, "b", merged_into="a")
    know(connection, 3, "c", merged_into="z")
    know(connection, 4, "d")
    know(connection, 5, "a", target="crm")
    know(connection, 6, "a", merged_into="z", changed_at=PAST)
    values = {"target": "ma", "external_id": "a", "survivor": "z", "now": NOW}
    ask(connection, queries, "follow_merge", **values)
    merged = "select merged_into, changed_at from delivery.external_ids order by lead_id"
    assert select(connection, merged) == [
        ("z", NOW),
        ("z", NOW),
        ("z", None),
        (None, None),
        (None, None),
        ("z", PAST),
    ]
    assert ask_first(connection, queries, "find_survivor", target="ma", lead_id=1) == ["z"]
    assert ask_first(connection, queries, "find_external_id", target="ma", lead_id=2) == ["b"]
    assert ask_first(connection, queries, "list_external_ids", target="ma") == ["a", "b", "c", "d"]


def test_of_several_ids_the_first_in_the_order_of_bytes_counts(connection: Connection) -> None:
    know(connection, 2, "known")
    known = {"lead_ids": [1, 1, 1, 2], "external_ids": ["b", "B", "c", "other"]}
    ask(connection, queries, "register_external_ids", target="ma", now=NOW, **known)
    assert [row[0] for row in read(connection, 1, 2)] == ["B", "known"]


def test_leads_that_are_gone_there(connection: Connection) -> None:
    know(connection, 1, "x")
    know(connection, 2, "x", state="unaligned", reason="recreated")
    know(connection, 3, "x", state="recreating")
    know(connection, 4, "x", state="gone", reason="before")
    know(connection, 5, "y")
    know(connection, 1, "x", target="crm")
    values = {"target": "ma", "external_id": "x", "now": NOW, "word": "deleted", "pause": MINUTE}
    assert sorted(ask_first(connection, queries, "mark_gone", **values)) == [1, 2]
    assert read(connection, 1, 2, 3, 4, 5) == [
        ("x", "gone", NOW, "deleted", None),
        ("x", "gone", NOW, "deleted", NOW + MINUTE),
        ("x", "recreating", None, None, None),
        ("x", "gone", None, "before", None),
        ("y", "present", None, None, None),
    ]
    assert read(connection, 1, target="crm") == [("x", "present", None, None, None)]


def test_leads_that_are_merged_there(connection: Connection) -> None:
    know(connection, 1, "x")
    know(connection, 2, "x", reason="merged")
    know(connection, 3, "x", state="unaligned", reason="merged")
    know(connection, 4, "x", state="gone", reason="merged")
    know(connection, 5, "x", state="unaligned", reason="r", not_before=NOW)
    know(connection, 6, "x", state="recreating")
    know(connection, 7, "y")
    know(connection, 1, "x", target="crm")
    values = {"target": "ma", "external_id": "x", "survivor": "s", "now": NOW, "pause": MINUTE}
    assert sorted(ask_first(connection, queries, "mark_merged", **values)) == [1, 2, 3, 4, 5]
    pauses = {row[0]: row[4] for row in read(connection, 6, 7)}
    assert pauses == {"x": None, "y": None}
    assert read(connection, 1, 2, 3, 4, 5) == [
        ("s", "unaligned", NOW, "merged", until) for until in (None, NOW + MINUTE, NOW + MINUTE, None, None)
    ]
    assert read(connection, 1, target="crm")[0][0] == "x"


def test_leads_that_are_there_again(connection: Connection) -> None:
    know(connection, 1, "a", state="gone", not_before=NOW)
    know(connection, 2, "b")
    know(connection, 3, "c", state="gone")
    know(connection, 4, "a", target="crm", state="gone")
    ask(connection, queries, "mark_found", target="ma", external_ids=["a", "b"], now=NOW)
    assert read(connection, 1, 2, 3) == [
        ("a", "unaligned", NOW, "found again", None),
        ("b", "present", None, None, None),
        ("c", "gone", None, None, None),
    ]
    assert read(connection, 4, target="crm")[0][1] == "gone"


def test_a_lead_that_is_refused_though_it_is_there(connection: Connection) -> None:
    know(connection, 1, "a", reason="there", changed_at=PAST)
    know(connection, 2, "b", changed_at=PAST)
    know(connection, 3, "c", state="gone", changed_at=PAST)
    know(connection, 4, "d", changed_at=PAST)
    for lead in (1, 2, 3):
        values = {"target": "ma", "lead_id": lead, "there": "there", "reason": "moved", "now": NOW}
        ask(connection, queries, "unalign_lead", **values)
    assert [row[1:4] for row in read(connection, 1, 2, 3, 4)] == [
        ("unaligned", PAST, "moved"),
        ("unaligned", NOW, "moved"),
        ("gone", PAST, None),
        ("present", PAST, None),
    ]
    for lead, reason, at, target in (
        (11, "there", PAST, "ma"),
        (12, "there", PAST + SECOND, "ma"),
        (13, "moved", PAST, "ma"),
        (14, "there", PAST, "ma"),
        (11, "there", PAST, "crm"),
    ):
        know(connection, lead, f"x{lead}", reason=reason, changed_at=at, target=target)
    named = {"target": "ma", "lead_ids": [11, 12, 13], "there": "there"}
    assert ask_first(connection, queries, "find_contradicted", since=PAST, **named) == [11]
    ask(connection, queries, "settle_found", **named)
    reasons = "select reason from delivery.external_ids where lead_id > 10 order by target, lead_id"
    assert select(connection, reasons) == ["there", None, None, "moved", "there"]


def test_gone_leads_are_counted_and_listed(connection: Connection) -> None:
    know(connection, 1, "a", state="gone", changed_at=PAST)
    know(connection, 2, "b", state="gone", changed_at=NOW, reason="deleted")
    know(connection, 3, "c", state="gone", changed_at=NOW, reason="erased")
    know(connection, 4, "d", changed_at=NOW)
    know(connection, 5, "e", state="gone", changed_at=NOW, target="crm")
    know(connection, 6, "f", state="gone", changed_at=NOW)
    add(connection, "scoring.scores", lead_id=2, fit=7)
    add_all(
        connection,
        "delivery.held_deltas",
        {"ledger_seq": 1, "lead_id": 2},
        {"ledger_seq": 2, "lead_id": 2},
        {"ledger_seq": 3, "lead_id": 2, "target": "crm"},
        {"ledger_seq": 4, "lead_id": 4},
    )
    assert ask_first(connection, queries, "count_gone", target="ma", since=None) == [3]
    assert ask_first(connection, queries, "count_gone", target="ma", since=PAST) == [2]
    assert ask(connection, queries, "list_gone", target="ma", max_rows=9) == [
        (2, "b", NOW, "deleted", 7, 2),
        (6, "f", NOW, None, 0, 0),
        (1, "a", PAST, None, 0, 0),
    ]
    assert ask_first(connection, queries, "list_gone", target="ma", max_rows=1) == [2]
    unsettled = {"target": "ma", "external_ids": ["a", "d", "e"]}
    assert ask_first(connection, queries, "find_unsettled", **unsettled) == ["a"]
    recreating = {"target": "ma", "lead_ids": [1, 2, 3, 4, 5], "now": NOW}
    assert sorted(ask_first(connection, queries, "mark_recreating", **recreating)) == [1, 2]
    states = select(connection, "select state from delivery.external_ids order by lead_id")
    assert states == ["recreating", "recreating", "gone", "present", "gone", "gone"]


def test_gone_leads_that_are_made_again_for_their_points(connection: Connection) -> None:
    events = ((1, "submit_form", "form"), (2, "submit_form", "claim"), (3, "view_page", "form"))
    for seq, event, proof in events:
        columns = {"event_id": f"e{seq}", "event": event, "proof": proof, "ts": NOW, "received_at": NOW}
        connection.execute(
            "insert into cdp.events (seq, event_id, event, proof, ts, received_at, payload) overriding system"
            " value values (%(seq)s, %(event_id)s, %(event)s, %(proof)s, %(ts)s, %(received_at)s, '{}')",
            columns | {"seq": seq},
        )
    cases: dict[int, dict[str, Any]] = {
        1: {"event_seq": 1},
        2: {"event_seq": 2},
        3: {"event_seq": 3},
        4: {"mql_at": NOW},
        5: {"mql_at": NOW - SECOND},
        6: {"event_seq": 1, "state": "unaligned"},
        7: {"event_seq": 1, "not_before": NOW + SECOND},
        8: {"event_seq": 1, "not_before": NOW},
        9: {"event_seq": 1, "email": None},
        10: {"event_seq": 1, "is_live": False},
        11: {"event_seq": 1, "target": "crm"},
        12: {"event_seq": 1, "held_of": "crm"},
        13: {},
    }
    for lead, case in cases.items():
        add(connection, "identity.leads", lead_id=lead, email=case.get("email", f"{lead}@x.example"))
        gone = {"state": case.get("state", "gone"), "target": case.get("target", "ma")}
        more = {name: case[name] for name in ("mql_at", "not_before") if name in case}
        know(connection, lead, f"x{lead}", **gone, **more)
        row = {"event_seq": case.get("event_seq"), "is_live": case.get("is_live", True), "lane": 0}
        for seq in (lead, lead + 100) if lead == 1 else (lead,):
            add(connection, "scoring.ledger", seq=seq, lead_id=lead, **row)
            held = {"target": case.get("held_of", "ma"), "lead_id": lead}
            add(connection, "delivery.held_deltas", ledger_seq=seq, **held)
    values = {"target": "ma", "now": NOW, "max_rows": 99}
    assert ask_first(connection, queries, "find_recreatable", any_points=False, **values) == [1, 4, 8]
    any_points = ask_first(connection, queries, "find_recreatable", any_points=True, **values)
    assert any_points == [1, 2, 3, 4, 5, 8, 13]
    few = values | {"max_rows": 2}
    assert ask_first(connection, queries, "find_recreatable", any_points=False, **few) == [1, 4]


def test_when_a_lead_became_an_mql_is_noted_in_the_ma(connection: Connection) -> None:
    know(connection, 1, "a")
    know(connection, 1, "a", target="crm")
    know(connection, 2, "b")
    ask(connection, queries, "record_mqls", lead_ids=[1], now=NOW)
    noted = select(connection, "select mql_at from delivery.external_ids order by target, lead_id")
    assert noted == [None, NOW, None]
