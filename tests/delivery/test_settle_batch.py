"""What each answer does to a batch and its deltas, worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from leadops.clients.call_outcomes import (
    Answered,
    Outcome,
    Postponed,
    Refused,
    Throttled,
    Unknown,
    Unreachable,
)
from leadops.db import Connection
from leadops.delivery.batches import BatchState, DeltaBatch, encode_rows, lock_due_batches
from leadops.delivery.claim_calls import claim_batches
from leadops.delivery.push_report import PushReport
from leadops.delivery.settle_batch import settle_batch
from leadops.lanes import Lane
from leadops.products.product_rows import ScoreRow
from tests.delivery_fixture import GENERIC, impatient

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 5, 1, 9, 0, tzinfo=UTC)


def make_batch(connection: Connection, size: int = 4) -> DeltaBatch:
    """A batch of the first ledger rows, all of lead 1."""
    for _ in range(size):
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, reason) values (1, 5, 'fit', 'rule', 'r', now(), now(), 0, '')"
        )
    rows = [ScoreRow(seq, 1, "1", 5, "", f"i-{seq}") for seq in range(1, size + 1)]
    connection.execute(
        "insert into delivery.batches (target, lane, idempotency_key, nonce, deltas, rows, created_at)"
        " values ('ma', 0, 'key', 'i', %s, %s, %s)",
        [size, encode_rows(rows), NOW],
    )
    claim_batches(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=1, now=NOW)
    (batch,) = lock_due_batches(connection, target="ma", lane=Lane.LIVE, limit=1, now=NOW)
    return batch


def settle(connection: Connection, batch: DeltaBatch, outcome: Outcome) -> PushReport:
    return settle_batch(
        connection, batch, outcome, product=GENERIC, target="ma", settings=impatient(), now=NOW
    )


def batches(connection: Connection) -> list[tuple[str, int]]:
    return connection.execute("select state, deltas from delivery.batches order by batch_id").fetchall()


def left(connection: Connection) -> list[dict[str, Any]]:
    """The rows of the open batch that are to be read back."""
    row = connection.execute(
        "select rows from delivery.batches where state = 'ready' and is_answered"
    ).fetchone()
    assert row
    return list(row[0])


def answer(*statuses: str) -> dict[str, Any]:
    results = [{"deltaId": f"i-{seq}", "status": status} for seq, status in enumerate(statuses, start=1)]
    return {"results": results}


@pytest.mark.parametrize("may_have_arrived", [False, True])
def test_a_duplicate_that_no_answer_ever_called_applied_is_unknown(
    connection: Connection, may_have_arrived: bool
) -> None:
    batch = replace(make_batch(connection, 3), may_have_arrived=may_have_arrived)
    report = settle(connection, batch, Answered(200, answer("applied", "duplicate", "applied")))
    assert (report.deltas, report.dead, report.failed, report.failed_last) == (2, 0, 1, 0)
    assert batches(connection) == [(BatchState.READY, 1)]
    assert [(row["seq"], row["is_duplicate"]) for row in left(connection)] == [(2, True)]


def named(*rows: tuple[int, str]) -> dict[str, Any]:
    return {"results": [{"deltaId": f"i-{seq}", "status": status} for seq, status in rows]}


@pytest.mark.parametrize(
    ("body", "deltas", "dead", "unknown"),
    [
        (answer("applied", "queued", "rejected"), 1, 1, ["i-2"]),
        (answer("applied"), 1, 0, ["i-2", "i-3"]),
        (named((1, "applied"), (2, "applied"), (2, "applied")), 1, 0, ["i-2", "i-3"]),
        (named((1, "applied"), (2, "rejected"), (2, "applied"), (3, "applied")), 2, 0, ["i-2"]),
        (named((3, "rejected"), (9, "applied"), (8, "rejected")), 0, 1, ["i-1", "i-2"]),
        ({"results": [{"deltaId": "i-1", "status": "applied"}, "i-2", None]}, 1, 0, ["i-2", "i-3"]),
    ],
    ids=str,
)
def test_what_is_named_once_is_settled_and_the_rest_stays_unknown(
    connection: Connection, body: Any, deltas: int, dead: int, unknown: list[str]
) -> None:
    report = settle(connection, make_batch(connection, 3), Answered(200, body))
    assert (report.deltas, report.dead, report.failed) == (deltas, dead, 1)
    assert [f"i-{row['seq']}" for row in left(connection)] == unknown


def test_more_results_than_rows_are_no_harm(connection: Connection) -> None:
    batch = make_batch(connection, 2)
    assert settle(connection, batch, Answered(200, answer(*["applied"] * 5))).deltas == 2
    assert batches(connection) == [(BatchState.DONE, 2)]


def test_a_rejected_row_dies_alone(connection: Connection) -> None:
    batch = make_batch(connection, 2)
    report = settle(connection, batch, Answered(200, answer("applied", "rejected")))
    assert (report.deltas, report.dead) == (1, 1)
    assert connection.execute("select reference, reason from delivery.dead_letters").fetchall() == [
        (2, "rejected by the MA")
    ]


@pytest.mark.parametrize(
    "body",
    [
        answer("queued", "queued"),
        named(*[(1, "applied")] * 12),
        named((8, "applied"), (9, "applied")),
        {"results": []},
        {"results": "applied"},
        {"deltaId": "i-1", "status": "applied"},
        [],
        None,
    ],
    ids=str,
)
def test_an_answer_that_names_no_row_settles_nothing(connection: Connection, body: Any) -> None:
    batch = make_batch(connection, 2)
    report = settle(connection, batch, Answered(200, body))
    assert (report.deltas, report.dead, report.failed, report.failed_last) == (0, 0, 1, 1)
    assert batches(connection) == [(BatchState.READY, 2)]
    flags = connection.execute("select may_have_arrived, is_answered from delivery.batches").fetchall()
    assert flags == [(True, False)], "it is sent again under its key"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refusal_for_size_or_content_halves_the_call(connection: Connection, status: int) -> None:
    report = settle(connection, make_batch(connection, 5), Refused(status, "too much"))
    assert (report.calls, report.dead) == (1, 0)
    assert batches(connection) == [
        (BatchState.DROPPED, 5),
        (BatchState.READY, 2),
        (BatchState.READY, 3),
    ]
    claim_batches(connection, product=GENERIC, target="ma", lane=Lane.LIVE, limit=9, now=NOW)
    bodies = connection.execute(
        "select body from delivery.batches where state = 'ready' order by batch_id"
    ).fetchall()
    sent = [[update["deltaId"] for update in orjson.loads(body)["updates"]] for (body,) in bodies]
    assert sent == [["i-1", "i-2"], ["i-3", "i-4", "i-5"]]


@pytest.mark.parametrize(("status", "size"), [(404, 3), (415, 3), (422, 1)])
def test_any_other_refusal_kills_every_row(connection: Connection, status: int, size: int) -> None:
    report = settle(connection, make_batch(connection, size), Refused(status, "no"))
    assert report.dead == size
    assert batches(connection) == [(BatchState.DEAD, size)]


@pytest.mark.parametrize(
    ("outcome", "may_have_arrived"),
    [
        (Refused(401, "who"), False),
        (Refused(403, "no"), False),
        (Throttled(7), False),
        (Postponed("HTTP 425"), False),
        (Unreachable("no"), False),
        (Unknown("no answer"), True),
        (Unknown("HTTP 409: in progress", 409), True),
    ],
)
def test_what_is_refused_for_now_and_unknown_outcomes_kill_nothing(
    connection: Connection, outcome: Outcome, may_have_arrived: bool
) -> None:
    report = settle(connection, make_batch(connection, 2), outcome)
    assert (report.dead, report.failed) == (0, 1)
    assert batches(connection) == [(BatchState.READY, 2)]
    flags = connection.execute("select may_have_arrived, is_answered from delivery.batches").fetchall()
    assert flags == [(may_have_arrived, False)]
