"""A feed sorted by time that one poll cannot finish, and one with rows of the future."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest

from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from tests.scripted_server import serve_script

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OVERLAP = 5 * MINUTE


class TimedCrm:
    """A CRM over HTTP: rows of a time and an id, whatever its clock says."""

    def __init__(self) -> None:
        self.now = NOW
        self.rows: list[tuple[datetime, str]] = []
        self.pages = 0

    def respond(self, _method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if "reps" in path:
            return 200, b'{"items": []}'
        self.pages += 1
        query = parse_qs(urlsplit(path).query)
        time, row_id = orjson.loads(query["after"][0]) if "after" in query else ["1970-01-01T00:00:00Z", ""]
        left = sorted(row for row in self.rows if row > (datetime.fromisoformat(time), row_id))
        page = left[: int(query["limit"][0])]
        items = [
            {"id": name, "lead_id": "L-1", "kind": "call", "occurred_at": stamp.isoformat()}
            for stamp, name in page
        ]
        cursor = [page[-1][0].isoformat(), page[-1][1]] if page else [time, row_id]
        answer = {"items": items, "cursor": orjson.dumps(cursor).decode(), "done": len(left) == len(page)}
        return 200, orjson.dumps(answer | {"now": self.now.isoformat()})


@pytest.fixture
def world() -> Iterator[tuple[TimedCrm, CrmClient]]:
    timed = TimedCrm()
    with serve_script() as server:
        server.respond = timed.respond
        client = CrmClient(Endpoint(base_url=server.url, timeout=60))
        yield timed, client
        client.close()


def poll(
    connection: Connection, world: tuple[TimedCrm, CrmClient], *, pages: int = 99, size: int = 50
) -> int:
    """Poll once, at most this many pages; return how many activities are new or changed."""
    timed, client = world
    until = timed.pages + pages
    return poll_crm(
        connection,
        client,
        now=timed.now,
        overlap=OVERLAP,
        page_size=size,
        has_time=lambda: timed.pages < until,
    ).activities


def read(connection: Connection, what: str) -> Any:
    row = connection.execute(f"select {what} from crm.feeds".encode()).fetchone()
    connection.commit()
    assert row
    return row[0]


def count(connection: Connection, table: str) -> int:
    (number,) = connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
    connection.commit()
    return int(number)


def test_more_rows_in_the_overlap_than_one_poll_reads(
    connection: Connection, world: tuple[TimedCrm, CrmClient]
) -> None:
    timed, _ = world
    timed.rows = [(NOW - MINUTE, f"a{number:03}") for number in range(300)]
    assert poll(connection, world, pages=2) == 100
    assert read(connection, "as_of") is None
    assert read(connection, "first_polled_at") == NOW
    timed.now += MINUTE
    assert poll(connection, world, pages=2) == 100
    timed.now += MINUTE
    assert poll(connection, world, pages=2) == 100
    assert read(connection, "resume_at") is None
    assert read(connection, "as_of") == NOW - OVERLAP, "rows that the first poll passed may come yet"
    assert read(connection, "first_polled_at") == NOW
    assert count(connection, "lifecycle.inbox") == 300


def test_a_row_committed_behind_an_unfinished_poll_is_read_once_it_is_finished(
    connection: Connection, world: tuple[TimedCrm, CrmClient]
) -> None:
    """At 10:00 the first poll passes 09:56; that row is committed at 10:01, and the end is reached at 10:30.

    Five minutes before the last row would be 10:24: the row of 09:56 would be lost.
    """
    timed, _ = world
    timed.rows = [(NOW - 4.5 * MINUTE, "a1"), (NOW - 3 * MINUTE, "a2"), (NOW - 2 * MINUTE, "a3")]
    assert poll(connection, world, pages=1, size=2) == 2
    timed.rows += [(NOW - 4 * MINUTE, "late"), (NOW + 29 * MINUTE, "a4")]
    timed.now = NOW + 30 * MINUTE
    assert poll(connection, world) == 2
    assert read(connection, "cursor") == '["2026-06-01T10:29:00+00:00","a4"]'
    assert read(connection, "as_of") == NOW - OVERLAP
    timed.now += MINUTE
    assert poll(connection, world) == 1
    assert read(connection, "as_of") == NOW + 26 * MINUTE
    assert poll(connection, world) == 0
    assert count(connection, "lifecycle.inbox") == 5


def test_a_long_past_read_in_several_polls_is_complete_at_once(
    connection: Connection, world: tuple[TimedCrm, CrmClient]
) -> None:
    timed, _ = world
    timed.rows = [(NOW - 60 * MINUTE, f"a{number}") for number in range(4)]
    assert poll(connection, world, pages=1, size=2) == 2
    timed.now += 30 * MINUTE
    assert poll(connection, world) == 2
    assert read(connection, "as_of") == NOW + 25 * MINUTE, "no page was within the overlap"


@pytest.mark.parametrize("jumped", [True, False])
def test_a_row_of_the_future_hides_no_later_row(
    connection: Connection, world: tuple[TimedCrm, CrmClient], jumped: bool
) -> None:
    """With `jumped` the server's own clock is wrong too while the row is read, and leadops's is right."""
    timed, client = world
    timed.rows = [(NOW - MINUTE, "a1"), (NOW + timedelta(days=1500), "future")]
    timed.now = NOW + timedelta(days=1500) if jumped else NOW
    assert poll_crm(connection, client, now=NOW, overlap=OVERLAP).activities == 2
    assert read(connection, "cursor") == '["2026-06-01T10:00:00+00:00", ""]'
    timed.rows += [(NOW + MINUTE, "a2"), (NOW - 2 * MINUTE, "late")]
    timed.now = NOW + 2 * MINUTE
    assert poll(connection, world) == 2
    assert read(connection, "as_of") == NOW - 3 * MINUTE
    assert poll(connection, world) == 0
    assert count(connection, "crm.activities") == 4
    assert count(connection, "lifecycle.inbox") == 4


def test_rows_of_the_future_may_be_more_than_one_poll_reads(
    connection: Connection, world: tuple[TimedCrm, CrmClient]
) -> None:
    timed, _ = world
    timed.rows = [(NOW + timedelta(days=1500), f"f{number}") for number in range(6)]
    assert [poll(connection, world, pages=1, size=2) for _ in range(3)] == [2, 2, 2]
    timed.rows.append((NOW + MINUTE, "a1"))
    timed.now = NOW + 2 * MINUTE
    assert [poll(connection, world, pages=1, size=2) for _ in range(4)] == [1, 0, 0, 0]
    assert read(connection, "resume_at") is None
    assert count(connection, "lifecycle.inbox") == 7
