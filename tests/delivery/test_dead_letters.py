"""What becomes of dead letters and of what hangs on them: rows by hand, and their neighbours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery.dead_letters import (
    DeadLetter,
    accept_dead_letters,
    dead_letter_delta,
    discard_dead_letters,
    list_dead_letters,
    retry_dead_letters,
)

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@dataclass
class Letters:
    connection: Connection

    def effect(
        self,
        key: str,
        operation: str = "set_owner",
        *,
        target: str = "crm",
        lead: int = 1,
        state: str = "dead",
        attempts: int = 1,
        payload: dict[str, Any] | None = None,
    ) -> int:
        """Add an effect; a dead one has its letter. Return its id."""
        row = self.connection.execute(
            "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
            " state, attempts, error, not_before) values (%s, %s, %s, %s, %s, %s, %s, %s, 'e', %s)"
            " returning outbox_id",
            [target, operation, lead, Jsonb(payload or {}), key, NOW, state, attempts, NOW],
        ).fetchone()
        assert row
        if state == "dead":
            self.connection.execute(
                "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
                " values (%s, 'effect', %s, %s, '', %s)",
                [target, row[0], lead, NOW],
            )
        return int(row[0])

    def delta(self, lead: int, points: int) -> int:
        """Add a row of the ledger; return its number."""
        row = self.connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (%s, %s, 'fit', 'rule', '', %s, %s, 0, '') returning seq",
            [lead, points, NOW, NOW],
        ).fetchone()
        assert row
        return int(row[0])

    def hold(self, lead: int, *, target: str = "ma") -> int:
        seq = self.delta(lead, 5)
        self.connection.execute(
            "insert into delivery.held_deltas (ledger_seq, target, lead_id, lane) values (%s, %s, %s, 0)",
            [seq, target, lead],
        )
        return seq

    def know(self, lead: int, target: str) -> None:
        self.connection.execute(
            "insert into delivery.external_ids values (%s, %s, %s, %s)", [target, lead, f"x{lead}", NOW]
        )

    def states(self) -> dict[str, str]:
        return dict(self.connection.execute("select idempotency_key, state from delivery.outbox").fetchall())

    def closed(self) -> list[tuple[Any, ...]]:
        return self.connection.execute(
            "select reference, state, settled_at from delivery.dead_letters order by dead_letter_id"
        ).fetchall()

    def held(self) -> list[int]:
        rows = self.connection.execute("select ledger_seq from delivery.held_deltas order by ledger_seq")
        return [seq for (seq,) in rows.fetchall()]

    def list(self, **wanted: Any) -> list[DeadLetter]:
        return list_dead_letters(self.connection, **wanted)


@pytest.fixture
def letters(connection: Connection) -> Letters:
    return Letters(connection)


def test_open_letters_are_listed_by_target_and_id(letters: Letters) -> None:
    seq = letters.delta(7, 15)
    dead_letter_delta(letters.connection, seq, target="ma", reason="no such lead", now=NOW)
    crm = letters.effect("o1")
    letters.effect("o2", lead=2)
    accept_dead_letters(letters.connection, letters.list(ids=[3]), now=NOW)
    assert [letter.dead_letter_id for letter in letters.list()] == [1, 2]
    assert letters.list(target="ma") == [
        DeadLetter(1, "ma", "delta", seq, 7, 15, "no such lead", NOW, "open")
    ]
    assert [letter.reference for letter in letters.list(target="crm")] == [crm]
    assert [letter.dead_letter_id for letter in letters.list(ids=[2, 3])] == [2]
    assert letters.list(target="ma", ids=[2]) == []
    assert letters.closed()[2] == (crm + 1, "applied", NOW)


def test_a_closed_letter_is_closed_once(letters: Letters) -> None:
    letters.effect("o1")
    found = letters.list()
    accept_dead_letters(letters.connection, found, now=NOW)
    accept_dead_letters(letters.connection, found, now=datetime(2027, 1, 1, tzinfo=UTC))
    assert letters.closed() == [(1, "applied", NOW)]


def test_an_effect_refused_at_its_first_try_goes_out_under_a_new_key(letters: Letters) -> None:
    letters.effect("a", "create_lead", attempts=1, payload={"idempotency_key": "a", "email": "x"})
    letters.effect("b", "create_lead", attempts=2, payload={"idempotency_key": "b"})
    letters.effect("c", "create_lead", attempts=0, payload={"email": "x"})
    letters.effect("d", "create_lead", state="done")
    assert retry_dead_letters(letters.connection, letters.list(), now=NOW) == 3
    rows = letters.connection.execute(
        "select idempotency_key, state, attempts, not_before, error, payload from delivery.outbox"
        " order by outbox_id"
    ).fetchall()
    assert rows == [
        ("a-again", "pending", 0, None, None, {"idempotency_key": "a-again", "email": "x"}),
        ("b", "pending", 0, None, None, {"idempotency_key": "b"}),
        ("c-again", "pending", 0, None, None, {"email": "x"}),
        ("d", "done", 1, NOW, "e", {}),
    ]
    assert letters.closed() == [(1, "retried", NOW), (2, "retried", NOW), (3, "retried", NOW)]


@pytest.mark.parametrize(
    ("attempts", "body", "is_kept"), [(2, "stored", True), (1, "stored", False), (2, None, False)]
)
def test_a_retry_keeps_the_key_with_the_stored_call_or_has_a_new_one_for_a_new_call(
    letters: Letters, attempts: int, body: str | None, is_kept: bool
) -> None:
    letters.effect("a", "create_lead", attempts=attempts)
    key = "select nonce || '-' || idempotency_key, body from delivery.outbox"
    letters.connection.execute("update delivery.outbox set body = %s, request = '{}'", [body])
    before = letters.connection.execute(key).fetchall()
    retry_dead_letters(letters.connection, letters.list(), now=NOW)
    ((new_key, new_body),) = letters.connection.execute(key).fetchall()
    assert new_body == ("stored" if is_kept else None)
    assert (new_key == before[0][0]) is is_kept


@pytest.mark.parametrize(
    ("newer", "is_superseded"),
    [
        ({}, True),
        ({"state": "sending"}, True),
        ({"state": "done"}, True),
        ({"state": "dropped"}, False),
        ({"lead": 2}, False),
        ({"operation": "set_fields"}, False),
        ({"target": "ma"}, False),
    ],
)
def test_a_newer_effect_of_its_kind_replaces_a_dead_one(
    letters: Letters, newer: dict[str, Any], is_superseded: bool
) -> None:
    letters.effect("older", state="done")
    letters.effect("old")
    letters.effect("newer", **{"state": "pending"} | newer)
    retried = retry_dead_letters(letters.connection, letters.list(), now=NOW)
    assert retried == int(not is_superseded)
    assert letters.states().get("old" if is_superseded else "old-again") == (
        "dropped" if is_superseded else "pending"
    )
    assert letters.closed() == [(2, "dropped" if is_superseded else "retried", NOW)]


@pytest.mark.parametrize(
    ("old", "newer"),
    [
        ("withdraw_lead", "restore_lead"),
        ("restore_lead", "withdraw_lead"),
        ("opt_out_lead", "opt_in_lead"),
        ("opt_in_lead", "opt_out_lead"),
    ],
)
def test_its_opposite_replaces_a_dead_effect_too(letters: Letters, old: str, newer: str) -> None:
    letters.effect("old", old)
    letters.effect("newer", newer, state="pending")
    assert retry_dead_letters(letters.connection, letters.list(), now=NOW) == 0
    assert letters.states() == {"old": "dropped", "newer": "pending"}


def test_a_creation_is_replaced_by_nothing(letters: Letters) -> None:
    letters.effect("c1", "create_lead")
    letters.effect("c2", "create_lead", state="done")
    assert retry_dead_letters(letters.connection, letters.list(), now=NOW) == 1


def test_only_what_is_asked_for_is_replaced(letters: Letters) -> None:
    letters.effect("o1")
    letters.effect("o2", lead=2)
    letters.effect("o3", state="done")
    retry_dead_letters(letters.connection, letters.list(ids=[2]), now=NOW)
    assert letters.states() == {"o1": "dead", "o2-again": "pending", "o3": "done"}


def test_points_are_held_for_their_own_target(letters: Letters) -> None:
    first, second = letters.delta(1, 5), letters.delta(2, 6)
    for seq, target in ((first, "ma"), (second, "other")):
        dead_letter_delta(letters.connection, seq, target=target, reason="", now=NOW)
    letters.effect("o1", lead=3)
    assert retry_dead_letters(letters.connection, letters.list(), now=NOW) == 3
    rows = letters.connection.execute("select ledger_seq, target, lead_id from delivery.held_deltas")
    assert sorted(rows.fetchall()) == [(first, "ma", 1), (second, "other", 2)]


def test_discarded_points_are_to_be_written_off(letters: Letters) -> None:
    seq = letters.delta(1, 5)
    dead_letter_delta(letters.connection, seq, target="ma", reason="", now=NOW)
    assert discard_dead_letters(letters.connection, letters.list(), now=NOW) == [seq]
    assert letters.closed() == [(seq, "dropped", NOW)]


def test_with_the_creation_of_a_lead_the_points_held_for_it_are_discarded(letters: Letters) -> None:
    letters.effect("u1", "upsert_lead", target="ma")
    letters.effect("f2", "set_fields", target="ma", lead=2)
    own, of_another = letters.hold(1), letters.hold(3)
    elsewhere, of_fields = letters.hold(1, target="other"), letters.hold(2)
    assert discard_dead_letters(letters.connection, letters.list(), now=NOW) == [own]
    assert letters.held() == [of_another, elsewhere, of_fields]
    assert letters.states() == {"u1": "dropped", "f2": "dropped"}


def test_points_for_a_lead_that_the_target_knows_stay(letters: Letters) -> None:
    letters.effect("u1", "upsert_lead", target="ma")
    held = letters.hold(1)
    letters.know(1, "ma")
    assert discard_dead_letters(letters.connection, letters.list(), now=NOW) == []
    assert letters.held() == [held]


@pytest.mark.parametrize(("known", "is_kept"), [((1, "crm"), True), ((1, "ma"), False), ((2, "crm"), False)])
def test_what_waits_for_an_id_goes_unless_the_target_knows_the_lead(
    letters: Letters, known: tuple[int, str], is_kept: bool
) -> None:
    letters.effect("c1", "create_lead")
    letters.effect("o1", state="pending")
    letters.know(*known)
    discard_dead_letters(letters.connection, letters.list(), now=NOW)
    assert letters.states() == {"c1": "dropped", "o1": "pending" if is_kept else "dropped"}


@pytest.mark.parametrize(
    ("other", "is_kept"),
    [
        ({"operation": "create_lead", "state": "pending"}, True),
        ({"operation": "create_lead", "state": "sending"}, True),
        ({"operation": "create_lead", "state": "done"}, False),
        ({"operation": "create_lead", "state": "pending", "lead": 2}, False),
        ({"operation": "create_lead", "state": "pending", "target": "ma"}, False),
        ({"operation": "set_owner", "state": "sending"}, False),
    ],
)
def test_what_waits_for_an_id_stays_while_something_may_make_the_lead(
    letters: Letters, other: dict[str, Any], is_kept: bool
) -> None:
    letters.effect("c1", "create_lead")
    letters.effect("o1", state="pending")
    letters.effect("other", **other)
    discard_dead_letters(letters.connection, letters.list(ids=[1]), now=NOW)
    assert letters.states()["o1"] == ("pending" if is_kept else "dropped")


def test_another_dead_creation_keeps_what_waits(letters: Letters) -> None:
    letters.effect("c1", "create_lead")
    letters.effect("c2", "create_lead")
    letters.effect("o1", state="pending")
    discard_dead_letters(letters.connection, letters.list(ids=[1]), now=NOW)
    assert letters.states() == {"c1": "dropped", "c2": "dead", "o1": "pending"}


@pytest.mark.parametrize(
    "neighbour",
    [
        {"lead": 2, "state": "pending"},
        {"target": "ma", "state": "pending"},
        {"state": "sending"},
        {"state": "done"},
        {"operation": "create_lead", "state": "pending"},
    ],
)
def test_only_what_waits_for_that_id_goes(letters: Letters, neighbour: dict[str, Any]) -> None:
    letters.effect("c1", "create_lead")
    letters.effect("n", **neighbour)
    discard_dead_letters(letters.connection, letters.list(), now=NOW)
    assert letters.states() == {"c1": "dropped", "n": neighbour["state"]}
