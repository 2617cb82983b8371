"""Ranges of the ledger become calls: their sizes, their bodies, and what waits for its lead."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.db import Connection
from leadops.delivery.build_batches import build_batches, hold_deltas
from leadops.delivery.claim_calls import claim_batches
from leadops.lanes import Lane
from tests.delivery_fixture import GENERIC

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


def score(connection: Connection, lead: int, points: int, *, lane: int = 0) -> int:
    row = connection.execute(
        "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at, lane,"
        " reason) values (%s, %s, 'behaviour', 'rule', 'r', %s, %s, %s, 'it\"s') returning seq",
        [lead, points, NOW, NOW, lane],
    ).fetchone()
    assert row
    return int(row[0])


def know(connection: Connection, lead: int, target: str = "ma") -> None:
    connection.execute(
        "insert into delivery.external_ids values (%s, %s, %s, %s)", [target, lead, str(lead * 100), NOW]
    )


def build(connection: Connection, *, size: int = 2, batches: int = 10, lane: Lane = Lane.LIVE) -> int:
    built = build_batches(connection, target="ma", lane=lane, batch_size=size, batches=batches, now=NOW)
    claim_batches(connection, product=GENERIC, target="ma", lane=lane, limit=99, now=NOW)
    return built


def calls(connection: Connection) -> list[list[tuple[int, int]]]:
    """Return (the MA's id, points) of each update, batch by batch."""
    found = []
    for deltas, body in connection.execute("select deltas, body from delivery.batches order by batch_id"):
        content: dict[str, Any] = json.loads(body)
        updates = content["updates"] if deltas > 1 else [content]
        assert len(updates) == deltas
        found.append([(update["leadId"], update["delta"]) for update in updates])
    return found


@pytest.mark.parametrize(("rows", "sizes"), [(0, []), (1, [1]), (2, [2]), (3, [2, 1]), (5, [2, 2, 1])])
def test_a_batch_is_as_large_as_it_may_be(connection: Connection, rows: int, sizes: list[int]) -> None:
    know(connection, 1)
    for points in range(1, rows + 1):
        score(connection, 1, points)
    assert build(connection) == len(sizes)
    assert [len(call) for call in calls(connection)] == sizes
    assert build(connection) == 0, "each row is in one batch"


def test_no_more_are_built_than_asked_for_and_the_rest_follows(connection: Connection) -> None:
    know(connection, 1)
    for points in range(1, 6):
        score(connection, 1, points)
    assert build(connection, batches=1) == 1
    assert calls(connection) == [[(100, 1), (100, 2)]]
    assert build(connection, batches=1) == 1
    assert build(connection, batches=9) == 1
    assert calls(connection)[1:] == [[(100, 3), (100, 4)], [(100, 5)]]


def test_an_update_names_its_row_and_why(connection: Connection) -> None:
    know(connection, 3)
    seq = score(connection, 3, -4)
    build(connection)
    row = connection.execute(
        "select body, idempotency_key, target, lane, created_at from delivery.batches"
    ).fetchone()
    assert row
    update = json.loads(row[0])
    assert re.fullmatch(rf"[0-9a-f]{{12}}-{seq}", update.pop("deltaId"))
    assert update == {"leadId": 300, "delta": -4, "reason": 'it"s'}
    assert (row[1] != "", row[2:]) == (True, ("ma", 0, NOW))


def test_each_lane_has_batches_of_its_own_and_updates_stand_by_lead(connection: Connection) -> None:
    for lead in (2, 1):
        know(connection, lead)
    for lead, points, lane in ((2, 1, 0), (1, 2, 1), (1, 3, 0), (2, 4, 0)):
        score(connection, lead, points, lane=lane)
    assert build(connection, size=10) == 1
    assert calls(connection) == [[(100, 3), (200, 1), (200, 4)]]
    assert build(connection, size=10, lane=Lane.BACKFILL) == 1
    assert calls(connection)[1] == [(100, 2)]


def test_what_waits_for_its_lead_goes_first_once_the_target_knows_it(connection: Connection) -> None:
    know(connection, 1)
    know(connection, 2, target="crm")
    score(connection, 2, 1)
    score(connection, 1, 2)
    score(connection, 2, 3)
    assert build(connection) == 1
    assert calls(connection) == [[(100, 2)]]
    held = connection.execute("select lead_id from delivery.held_deltas").fetchall()
    assert held == [(2,), (2,)]
    score(connection, 1, 4)
    know(connection, 2)
    assert build(connection) == 2
    assert calls(connection)[1:] == [[(200, 1), (200, 3)], [(100, 4)]]


def test_a_range_without_known_leads_does_not_stop_those_behind_it(connection: Connection) -> None:
    know(connection, 1)
    for _ in range(5):
        score(connection, 9, 1)
    score(connection, 1, 7)
    assert build(connection, size=1, batches=2) == 1
    assert calls(connection) == [[(100, 7)]]


def test_rows_that_are_put_back_go_once_more_and_once_only(connection: Connection) -> None:
    know(connection, 1)
    first, second = score(connection, 1, 5), score(connection, 1, 6)
    build(connection)
    hold_deltas(connection, [first, second], target="ma")
    hold_deltas(connection, [second], target="ma")
    assert build(connection) == 1
    assert calls(connection) == [[(100, 5), (100, 6)]] * 2
