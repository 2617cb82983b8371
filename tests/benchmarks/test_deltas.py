from pathlib import Path

from benchmarks.arena import Arena
from benchmarks.deltas import fill_ledger
from benchmarks.prepared_ma import learn_ids
from leadops.db import Connection


def test_the_other_ways_read_the_same_rows_that_scoring_would_have_written(
    database_url: str, connection: Connection
) -> None:
    learn_ids(connection, leads=3)
    arena = Arena(database_url, Path())
    fill_ledger(arena, count=5, leads=3)
    deltas = fill_ledger(arena, count=10, leads=3)

    pages = list(deltas.pages(4, prefix="x"))
    read = [(row["deltaId"], row["leadId"], row["delta"], row["reason"]) for page in pages for row in page]
    wanted = connection.execute(
        "select 'x-' || seq, external_id::bigint, points, ledger.reason from scoring.ledger "
        "join delivery.external_ids using (lead_id) where seq > 5 order by seq"
    ).fetchall()

    assert [len(page) for page in pages] == [4, 4, 2]
    assert deltas.count == 10
    assert read == wanted
    assert len({lead for _, lead, _, _ in read}) == 3
