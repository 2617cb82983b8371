"""A withdrawal meets what happens to a request of the same lead at the same moment: claims, sends, forms."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.crm.lead_requests import (
    LeadRequest,
    WithdrawnLead,
    hold_crm_leads,
    request_leads,
    restore_leads,
    withdraw_leads,
)
from leadops.db import Connection, connect
from leadops.delivery.claim_calls import claim_effects
from leadops.delivery.outbox import lock_due_effects, release_effects
from leadops.lanes import Lane
from leadops.products.registry import load_product
from tests.intake.test_keep_form import keep
from tests.waiting import wait_until

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
MACHINE = [WithdrawnLead(1, 1, "machine", None)]


@pytest.fixture
def other(database_url: str) -> Iterator[Connection]:
    """A second process."""
    with connect(database_url) as second:
        yield second


def request(connection: Connection, cycle: int = 1, at: datetime = NOW) -> None:
    asked = LeadRequest(1, cycle, "ann@buyers.example", "Buyers", "summer", f"key-1-{cycle}")
    assert request_leads(connection, [asked], now=at) == 1
    connection.commit()


def withdraw(connection: Connection, leads: list[WithdrawnLead] = MACHINE) -> list[int]:
    hold_crm_leads(connection, [lead.lead_id for lead in leads])
    told = withdraw_leads(connection, leads, now=NOW)
    connection.commit()
    return told


def claim(connection: Connection) -> int:
    product = load_product("generic")
    return claim_effects(connection, product=product, target="crm", lane=Lane.LIVE, limit=5, now=NOW)


def rows(connection: Connection) -> list[tuple[Any, ...]]:
    connection.rollback()
    return connection.execute(
        "select operation, state from delivery.outbox where target = 'crm' order by outbox_id"
    ).fetchall()


def blocked(database_url: str) -> Callable[[], bool]:
    """Return whether a connection of the test's database waits for a lock of another."""

    def is_waiting() -> bool:
        with connect(database_url) as watcher:
            found = watcher.execute(
                "select exists(select from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock')"
            ).fetchone()
        return bool(found and found[0])

    return is_waiting


def test_a_request_that_waits_does_not_go_out(connection: Connection) -> None:
    request(connection)
    assert withdraw(connection) == []
    assert rows(connection) == [("create_lead", "dropped")]
    assert claim(connection) == 0
    request(connection)  # the key is free for the MQL that comes back
    assert rows(connection) == [("create_lead", "dropped"), ("create_lead", "pending")]


def test_a_claim_that_comes_first_is_followed_by_the_withdrawal(
    connection: Connection, other: Connection, database_url: str
) -> None:
    """The claim is written and not committed when the withdrawal comes: it waits, and counts it as sent."""
    request(connection)
    connection.execute(
        "update delivery.outbox set state = 'sending', first_sent_at = now(), body = '', request = '{}'"
    )
    with ThreadPoolExecutor() as pool:
        told = pool.submit(withdraw, other)
        wait_until(blocked(database_url))
        connection.commit()
        assert told.result(timeout=60) == [1]
    assert rows(connection) == [("create_lead", "sending"), ("withdraw_lead", "pending")]
    assert claim(connection) == 1, "the withdrawal waits for the lead"


def test_a_claim_that_comes_second_finds_nothing(connection: Connection, other: Connection) -> None:
    """The withdrawal is written and not committed when the claim comes: it passes over the request."""
    request(connection)
    hold_crm_leads(other, [1])
    assert withdraw_leads(other, MACHINE, now=NOW) == []
    assert claim(connection) == 0
    other.commit()
    assert claim(connection) == 0
    assert rows(connection) == [("create_lead", "dropped")]


def test_a_claim_that_is_rolled_back_was_none(
    connection: Connection, other: Connection, database_url: str
) -> None:
    request(connection)
    connection.execute("update delivery.outbox set state = 'sending'")
    with ThreadPoolExecutor() as pool:
        told = pool.submit(withdraw, other)
        wait_until(blocked(database_url))
        connection.rollback()
        assert told.result(timeout=60) == []
    assert rows(connection) == [("create_lead", "dropped")]


def test_a_call_in_progress_is_not_waited_for(connection: Connection, other: Connection) -> None:
    """Whoever sends it holds its row, for as long as the CRM takes."""
    request(connection)
    claim(connection)
    assert len(lock_due_effects(connection, target="crm", lane=Lane.LIVE, limit=5, now=NOW)) == 1
    assert withdraw(other) == [1]
    connection.commit()
    assert rows(connection) == [("create_lead", "sending"), ("withdraw_lead", "pending")]


def test_a_claimed_call_that_certainly_had_no_effect_does_not_go_out(connection: Connection) -> None:
    """As while the CRM refuses our credentials, or after a round that ended before it."""
    request(connection)
    claim(connection)
    sent = lock_due_effects(connection, target="crm", lane=Lane.LIVE, limit=5, now=NOW)
    release_effects(connection, sent)
    connection.commit()
    assert withdraw(connection) == []
    assert rows(connection) == [("create_lead", "dropped")]


def test_a_call_of_unknown_outcome_is_followed(connection: Connection) -> None:
    request(connection)
    claim(connection)
    connection.execute("update delivery.outbox set first_sent_at = null, may_have_arrived = true")
    assert withdraw(connection) == [1]


def test_a_refused_request_cannot_be_sent_again_by_hand(connection: Connection) -> None:
    request(connection)
    connection.execute("update delivery.outbox set state = 'dead'")
    connection.execute(
        "insert into delivery.dead_letters (target, kind, reference, lead_id, reason, died_at)"
        " select target, 'effect', outbox_id, lead_id, 'no e-mail', now() from delivery.outbox"
    )
    assert withdraw(connection) == []
    assert rows(connection) == [("create_lead", "dropped")]
    assert connection.execute("select state from delivery.dead_letters").fetchall() == [("dropped",)]
    request(connection)


def settle(connection: Connection, operation: str) -> None:
    connection.execute("update delivery.outbox set state = 'done' where operation = %s", [operation])
    connection.commit()


def test_it_is_told_once_and_given_back_once(connection: Connection) -> None:
    request(connection)
    settle(connection, "create_lead")
    assert withdraw(connection) == [1]
    assert withdraw(connection) == []
    settle(connection, "withdraw_lead")
    assert restore_leads(connection, [1], lane=Lane.LIVE, now=NOW) == 1
    assert restore_leads(connection, [1], lane=Lane.LIVE, now=NOW) == 0
    connection.commit()
    assert withdraw(connection) == [1]
    assert [row[0] for row in rows(connection)] == [
        "create_lead",
        "withdraw_lead",
        "restore_lead",
        "withdraw_lead",
    ]


def test_a_withdrawal_that_was_not_sent_is_forgotten_when_the_lead_counts_again(
    connection: Connection,
) -> None:
    request(connection)
    settle(connection, "create_lead")
    assert withdraw(connection) == [1]
    assert restore_leads(connection, [1], lane=Lane.LIVE, now=NOW) == 0
    connection.commit()
    assert rows(connection) == [("create_lead", "done"), ("withdraw_lead", "dropped")]


def test_what_the_crm_had_before_stays(connection: Connection) -> None:
    """A lead that sales have by an import, and one of a cycle that ended before this MQL."""
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('crm', 1, 'L-1', now())"
    )
    assert withdraw(connection) == []
    request(connection, at=NOW - timedelta(days=100))
    settle(connection, "create_lead")
    assert withdraw(connection, [WithdrawnLead(1, 1, "machine", NOW - timedelta(days=50))]) == []


def test_an_owner_that_was_not_set_yet_is_not_set(connection: Connection) -> None:
    request(connection)
    settle(connection, "create_lead")
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at)"
        " values ('crm', 'set_owner', 1, '{}', 'o1', now())"
    )
    assert withdraw(connection) == [1]
    assert rows(connection)[1:] == [("set_owner", "dropped"), ("withdraw_lead", "pending")]


class TestForms:
    """Somebody filled in a form: sales should have them, whatever the machines did."""

    def test_before_the_withdrawal(self, connection: Connection, database_url: str) -> None:
        assert keep(database_url, "s-1")
        assert withdraw(connection) == []
        assert ("create_lead", "pending") in rows(connection)

    def test_but_our_own_people_go(self, connection: Connection, database_url: str) -> None:
        assert keep(database_url, "s-1")
        assert withdraw(connection, [WithdrawnLead(1, 1, "internal", None)]) == []
        assert ("create_lead", "dropped") in rows(connection)

    def test_of_an_earlier_story_it_does_not_count(self, connection: Connection, database_url: str) -> None:
        assert keep(database_url, "s-1", now=NOW - timedelta(days=2))
        connection.execute(
            "insert into identity.resolved_events (event_seq, lead_id) select seq, 1 from cdp.events"
        )
        connection.execute("delete from identity.inbox")
        assert withdraw(connection, [WithdrawnLead(1, 1, "machine", NOW - timedelta(days=1))]) == []
        assert ("create_lead", "dropped") in rows(connection)

    def test_after_the_withdrawal_it_gives_the_lead_back(
        self, connection: Connection, database_url: str
    ) -> None:
        self.make_lead(connection)
        request(connection)
        settle(connection, "create_lead")
        assert withdraw(connection) == [1]
        settle(connection, "withdraw_lead")
        assert keep(database_url, "s-1")
        assert rows(connection) == [
            ("create_lead", "done"),
            ("withdraw_lead", "done"),
            ("restore_lead", "pending"),
        ]

    def test_that_waits_for_a_withdrawal_asks_for_the_lead_again(
        self, connection: Connection, database_url: str
    ) -> None:
        """It found the request, which the withdrawal drops in the transaction that it waits for."""
        self.make_lead(connection)
        request(connection)
        hold_crm_leads(connection, [1])
        assert withdraw_leads(connection, MACHINE, now=NOW) == []
        with ThreadPoolExecutor() as pool:
            kept = pool.submit(keep, database_url, "s-1", now=NOW)
            wait_until(blocked(database_url))
            connection.commit()
            assert kept.result(timeout=60)
        assert rows(connection) == [("create_lead", "dropped"), ("create_lead", "pending")]

    def test_that_is_not_committed_yet_is_waited_for(
        self, connection: Connection, other: Connection, database_url: str
    ) -> None:
        self.make_lead(connection)
        request(connection)
        hold_crm_leads(connection, [1])  # as the form does that found the request
        connection.execute(
            "with form as (insert into cdp.events (event_id, event, ts, received_at, email, payload, proof)"
            " values ('f1', 'submit_form', now(), now(), 'ann@buyers.example', '{}', 'form') returning seq)"
            " insert into identity.inbox (event_seq) select seq from form"
        )
        with ThreadPoolExecutor() as pool:
            told = pool.submit(withdraw, other)
            wait_until(blocked(database_url))
            connection.commit()
            assert told.result(timeout=60) == []
        assert rows(connection) == [("create_lead", "pending")]

    def make_lead(self, connection: Connection) -> None:
        connection.execute(
            "with made as (insert into identity.leads (email, created_at, first_event_seq)"
            " values ('ann@buyers.example', now(), 0) returning lead_id)"
            " insert into identity.aliases (kind, value, lead_id, event_seq, linked_at)"
            " select 'email', 'ann@buyers.example', lead_id, 0, now() from made"
        )
        connection.commit()
