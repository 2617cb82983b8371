"""Which lanes, leads and calls the statements about scores are for: rows by hand, and their neighbours."""

from datetime import UTC, datetime, timedelta

import pytest
from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.delivery import build_batches, build_totals, claim_calls, claim_totals

pytestmark = pytest.mark.uncommitted

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
PAST = NOW - timedelta(hours=1)


def know_lead(connection: Connection, lead: int, state: str) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at, state)"
        " values ('ma', %s, %s, %s, %s)",
        [lead, str(lead), PAST, state],
    )


def hold(connection: Connection, lead: int) -> None:
    """Five points of a lead, recorded and held."""
    connection.execute(
        "with added as (insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at,"
        " recorded_at, lane, reason) values (%(lead)s, 5, 'fit', 'rule', 'r', %(at)s, %(at)s, 0, 'r')"
        " returning seq) insert into delivery.held_deltas (ledger_seq, target, lead_id, lane)"
        " select seq, 'ma', %(lead)s, 0 from added",
        {"lead": lead, "at": PAST},
    )


def test_the_cursor_of_the_other_lane_stays(connection: Connection) -> None:
    connection.execute("insert into delivery.cursors values ('ma', 0, 2), ('ma', 1, 3)")
    build_batches.queries.run(connection, "move_cursor", target="ma", lane=1, ledger_seq=9)
    cursors = connection.execute("select lane, ledger_seq from delivery.cursors order by lane").fetchall()
    assert cursors == [(0, 2), (1, 9)]


@pytest.mark.parametrize(("state", "found"), [("present", []), ("unaligned", [0, 1]), ("gone", [])])
def test_only_a_lead_whose_score_is_unknown_is_to_be_aligned(
    connection: Connection, state: str, found: list[int]
) -> None:
    know_lead(connection, 1, state)
    cursor = connection.execute(
        claim_calls.queries.statements["list_score_work"], {"target": "ma", "lanes": [0, 1], "now": NOW}
    )
    assert sorted(cursor.fetchall()) == [("unaligned", lane) for lane in found]


def test_held_points_wait_for_a_lead_that_is_present_and_go_in_the_order_of_the_ledger(
    connection: Connection,
) -> None:
    for lead, state in ((1, "gone"), (2, "unaligned"), (4, "present"), (3, "present")):
        know_lead(connection, lead, state)
        hold(connection, lead)
    build_totals.queries.run(connection, "from_held", target="ma", lane=0, batch_size=9, max_rows=9, now=NOW)
    (rows,) = connection.execute("select rows from delivery.batches").fetchone() or ([],)
    assert [row["external_id"] for row in rows] == ["4", "3"]
    held = connection.execute("select lead_id from delivery.held_deltas order by ledger_seq").fetchall()
    assert held == [(1,), (2,)]


def test_only_calls_that_are_named_and_open_are_given_back(connection: Connection) -> None:
    for key, state in (("named", "ready"), ("settled", "done"), ("other", "ready")):
        connection.execute(
            "insert into delivery.batches (target, lane, idempotency_key, deltas, rows, created_at, state,"
            " first_sent_at) values ('ma', 0, %s, 1, %s, %s, %s, %s)",
            [key, Jsonb([]), PAST, state, PAST],
        )
    ids = connection.execute(
        "select batch_id from delivery.batches where idempotency_key <> 'other'"
    ).fetchall()
    claim_totals.queries.run(connection, "release_claimed", batch_ids=[batch_id for (batch_id,) in ids])
    left = connection.execute(
        "select idempotency_key from delivery.batches where first_sent_at is not null order by batch_id"
    ).fetchall()
    assert left == [("settled",), ("other",)]
