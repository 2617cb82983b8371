"""Which pending effects may be sent, and which may still be dropped: rows by hand, and their neighbours."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.claim_calls import queries
from leadops.delivery.outbox import drop_pending

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def add(connection: Connection, key: str, operation: str, state: str = "pending", **changes: Any) -> None:
    """An effect on lead 1 of the CRM."""
    values = {
        "key": key,
        "operation": operation,
        "state": state,
        "lane": 0,
        "body": None,
        "at": NOW,
    } | changes
    connection.execute(
        "insert into delivery.outbox (target, operation, lead_id, payload, idempotency_key, created_at,"
        " state, lane, body, settled_at, first_sent_at)"
        " values ('crm', %(operation)s, 1, '{}', %(key)s, %(at)s,"
        " %(state)s, %(lane)s, %(body)s, case when %(state)s not in ('pending', 'sending') then %(at)s end,"
        " case when %(state)s = 'sending' then %(at)s end)",
        values,
    )


def mark(connection: Connection, **changes: Any) -> list[str]:
    """Mark what may be sent; return the keys. `owner` follows the creation of a lead and needs its id."""
    values: dict[str, Any] = {
        "target": "crm",
        "lane": 0,
        "with_id": ["owner"],
        "following": ["owner"],
        "upserting": ["upsert"],
        "spaced": [],
        "repeat_pause": MINUTE,
        "spacing": timedelta(0),
        "max_rows": 9,
        "now": NOW,
    }
    cursor = connection.execute(queries.statements["mark_sending"], values | changes)
    return [row[3].partition("-")[2] for row in cursor.fetchall()]


def know_lead(connection: Connection) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at)"
        " values ('crm', 1, 'x', %s)",
        [NOW],
    )


@pytest.mark.parametrize(
    ("refused", "marked"), [("create_lead", []), ("owner", ["next"]), ("upsert_lead", ["next"])]
)
def test_only_a_refused_creation_holds_what_follows_it(
    connection: Connection, refused: str, marked: list[str]
) -> None:
    know_lead(connection)
    add(connection, "refused", refused, "dead")
    add(connection, "next", "owner")
    assert mark(connection) == marked


@pytest.mark.parametrize(
    ("former", "marked"),
    [
        ({"state": "done", "body": "b"}, []),
        ({"state": "dropped", "body": "b"}, []),
        ({"state": "dead", "body": "b"}, ["next"]),
        # It was dropped before its call was made, so it made no lead.
        ({"state": "dropped"}, ["next"]),
        ({"state": "done", "body": "b", "at": NOW - MINUTE}, ["next"]),
        ({"state": "done", "body": "b", "at": NOW - MINUTE + timedelta(seconds=1)}, []),
        ({"state": "sending", "body": "b", "lane": 1}, []),
        ({"state": "pending", "lane": 1}, ["next"]),
    ],
)
def test_an_upsert_keeps_its_distance_from_another_of_its_lead(
    connection: Connection, former: dict[str, Any], marked: list[str]
) -> None:
    add(connection, "former", "upsert", **former)
    add(connection, "next", "upsert")
    assert mark(connection) == marked


def test_effects_of_the_other_lane_wait_for_its_turn(connection: Connection) -> None:
    add(connection, "live", "note")
    add(connection, "backfill", "note", lane=1)
    assert mark(connection) == ["live"]
    claim = {"target": "crm", "is_retry": False, "now": NOW, "max_rows": 9}
    connection.execute("update delivery.outbox set state = 'sending', body = 'b'")
    for lane in (0, 1):
        cursor = connection.execute(queries.statements["lock_claimable_effects"], claim | {"lane": lane})
        assert len(cursor.fetchall()) == 1


def test_what_was_begun_or_not_named_is_not_dropped(connection: Connection) -> None:
    for state in ("pending", "sending", "done", "dead"):
        add(connection, state, "note", state)
    add(connection, "other", "note")
    keys = ["pending", "sending", "done", "dead"]
    assert drop_pending(connection, keys, reason="stale", now=NOW) == ["pending"]
    rows = connection.execute(
        "select idempotency_key, state, error, settled_at from delivery.outbox order by outbox_id"
    ).fetchall()
    assert rows == [
        ("pending", "dropped", "stale", NOW),
        ("sending", "sending", None, None),
        ("done", "done", None, NOW),
        ("dead", "dead", None, NOW),
        ("other", "pending", None, None),
    ]
