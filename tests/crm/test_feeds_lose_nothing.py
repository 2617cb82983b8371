"""A feed sorted by the time of the last change: late commits, equal times, deletions, merges, our writes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
import psycopg
import pytest
import requests

from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.errors import TransientError
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from tests.crm.conftest import Crm
from tests.scripted_server import serve_script

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
OVERLAP = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _by_time(crm: Crm) -> None:
    crm.post("/_settings", {"crm_feed_by_time": True}, token="")


def poll(connection: Connection, crm: Crm, **options: Any) -> int:
    """Poll once; return how many activities are new or changed."""
    given: dict[str, Any] = {"now": crm.clock(), "overlap": OVERLAP} | options
    return poll_crm(connection, crm.client, **given).activities


def count(connection: Connection, table: str) -> int:
    (number,) = connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
    connection.commit()
    return int(number)


def feed(connection: Connection) -> tuple[Any, ...]:
    row = connection.execute("select cursor, as_of, held_back from crm.feeds").fetchone()
    connection.commit()
    assert row
    return tuple(row)


def calls(crm: Crm) -> int:
    state = requests.get(f"{crm.url}/_state", timeout=60).json()
    return int(state["calls"].get("GET /v1/activities", 0))


def test_what_is_committed_late_is_seen_by_the_next_poll(connection: Connection, crm: Crm) -> None:
    crm.did()  # A-1, whose transaction is open for 90 seconds
    crm.clock.forward(1)
    crm.did()
    crm.faults(target="crm", path="/v1/activities", kind="late_commit", seconds=90, rows=["A-1"])
    assert poll(connection, crm) == 1
    assert feed(connection)[0] == '["2026-06-01T10:01:00+00:00", "A-2"]'
    crm.clock.forward(1)
    assert poll(connection, crm) == 1, "it carries a time before the cursor"
    assert poll(connection, crm) == 0
    assert count(connection, "crm.activities") == 2
    assert count(connection, "lifecycle.inbox") == 2


def test_without_an_overlap_it_is_lost(connection: Connection, crm: Crm) -> None:
    crm.did()
    crm.clock.forward(1)
    crm.did()
    crm.faults(target="crm", path="/v1/activities", kind="late_commit", seconds=90, rows=["A-1"])
    poll(connection, crm, overlap=timedelta())
    crm.clock.forward(1)
    assert poll(connection, crm, overlap=timedelta()) == 0


def test_the_feed_is_complete_up_to_the_servers_time_minus_the_overlap(
    connection: Connection, crm: Crm
) -> None:
    crm.did()
    poll(connection, crm)
    assert feed(connection)[1:] == (NOW - OVERLAP, OVERLAP)
    crm.clock.forward(60)
    poll(connection, crm)
    assert feed(connection)[1] == NOW + timedelta(minutes=55), "a quiet feed is not late"
    poll(connection, crm, now=crm.clock() - timedelta(minutes=20))
    assert feed(connection)[1] == NOW + timedelta(minutes=55), "our clock may be behind"


def test_equal_times_at_the_edge_of_a_page_repeat_nothing(connection: Connection, crm: Crm) -> None:
    for _ in range(5):
        crm.did()
    crm.faults(target="crm", path="/v1/activities", kind="equal_stamps", seconds=60)
    assert poll(connection, crm, page_size=2) == 5
    assert poll(connection, crm, page_size=2) == 0
    assert count(connection, "crm.activities") == 5
    assert count(connection, "lifecycle.inbox") == 5


def test_ten_thousand_rows_of_one_time_are_read_once_and_the_cursor_moves(connection: Connection) -> None:
    time = "2026-06-01T09:00:00+00:00"
    rows = [
        {
            "id": f"a{number:05}",
            "lead_id": "L-1",
            "kind": "call",
            "occurred_at": time,
            "changed_at": time,
        }
        for number in range(10_050)
    ]
    asked = []

    def respond(method: str, path: str, body: bytes) -> tuple[int, bytes]:
        query = parse_qs(urlsplit(path).query)
        if "reps" in path:
            return 200, b'{"items": []}'
        after = orjson.loads(query["after"][0]) if "after" in query else ["", ""]
        asked.append(after)
        left = [row for row in rows if [datetime.fromisoformat(time), row["id"]] > _place(after)]
        page = left[: int(query["limit"][0])]
        cursor = orjson.dumps([time, page[-1]["id"]]).decode() if page else query["after"][0]
        done = len(left) == len(page)
        return 200, orjson.dumps({"items": page, "cursor": cursor, "done": done, "now": NOW.isoformat()})

    with serve_script() as server:
        server.respond = respond
        client = CrmClient(Endpoint(base_url=server.url, timeout=60))
        assert poll_crm(connection, client, now=NOW, overlap=OVERLAP).activities == 10_050
        assert len(asked) < 60
        assert feed(connection)[0] == f'["{time}","a10049"]'
        assert poll_crm(connection, client, now=NOW, overlap=OVERLAP).activities == 0
        client.close()
    assert count(connection, "lifecycle.inbox") == 10_050


def _place(after: list[str]) -> list[Any]:
    return [datetime.fromisoformat(after[0]) if after[0] else datetime.min.replace(tzinfo=UTC), after[1]]


class SlowCrm:
    """A CRM over a real database whose rows carry the time at which their transaction began, as Odoo's do."""

    def __init__(self, url: str) -> None:
        self.url = url
        with psycopg.connect(url) as setup:
            setup.execute("create table public.slow_crm (id text primary key, write_date timestamptz)")

    def respond(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        if "reps" in path:
            return 200, b'{"items": []}'
        query = parse_qs(urlsplit(path).query)
        time, row_id = orjson.loads(query["after"][0]) if "after" in query else ["-infinity", ""]
        limit = int(query["limit"][0])
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                "select id, write_date from public.slow_crm where (write_date, id) > (%s::timestamptz, %s)"
                " order by write_date, id limit %s",
                [time, row_id, limit + 1],
            ).fetchall()
            (now,) = connection.execute("select clock_timestamp()").fetchone() or (None,)
        assert now
        items = [
            {
                "id": found_id,
                "lead_id": "L-1",
                "kind": "call",
                "occurred_at": stamp.isoformat(),
                "changed_at": stamp.isoformat(),
            }
            for found_id, stamp in found[:limit]
        ]
        cursor = orjson.dumps([items[-1]["changed_at"], items[-1]["id"]]).decode() if items else None
        done = len(found) <= limit
        return 200, orjson.dumps({"items": items, "cursor": cursor, "done": done, "now": now.isoformat()})


@pytest.fixture
def slow(database_url: str) -> Iterator[tuple[SlowCrm, CrmClient]]:
    world = SlowCrm(database_url)
    with serve_script() as server:
        server.respond = world.respond
        client = CrmClient(Endpoint(base_url=server.url, timeout=60))
        yield world, client
        client.close()
    with psycopg.connect(database_url) as connection:
        connection.execute("drop table public.slow_crm")


@pytest.mark.parametrize(("overlap", "seen"), [(OVERLAP, 400), (timedelta(), 0)])
def test_a_transaction_of_several_seconds_writes_400_rows(
    connection: Connection, slow: tuple[SlowCrm, CrmClient], overlap: timedelta, seen: int
) -> None:
    world, client = slow
    insert = "insert into public.slow_crm values (%s, now())"
    with psycopg.connect(world.url) as long:
        long.execute("select pg_sleep(2)")
        with long.cursor() as cursor:
            cursor.executemany(insert, [[f"slow-{number}"] for number in range(400)])
        with psycopg.connect(world.url) as quick:
            quick.execute(insert, ["quick"])
        now = datetime.now(UTC)
        assert poll_crm(connection, client, now=now, overlap=overlap).activities == 1
        as_of = feed(connection)[1]
        long.commit()
    assert poll_crm(connection, client, now=datetime.now(UTC), overlap=overlap).activities == seen
    if overlap:
        (first,) = connection.execute("select min(occurred_at) from crm.activities").fetchone() or (None,)
        assert first is not None
        assert as_of < first, "what was not there yet was not promised"


def test_a_deleted_activity_says_nothing_any_more(connection: Connection, crm: Crm) -> None:
    crm.did(kind="status", status="taken")
    crm.did()
    poll(connection, crm)
    connection.execute("delete from lifecycle.inbox")
    requests.delete(f"{crm.url}/_crm/activities/A-1", timeout=60).raise_for_status()
    assert poll(connection, crm) == 1
    assert poll(connection, crm) == 0
    rows = connection.execute(
        "select activity_id, kind, status, details from crm.activities order by 1"
    ).fetchall()
    assert rows == [("A-1", "status", None, {"deleted": True}), ("A-2", "call", None, {})]
    assert connection.execute("select activity_id from lifecycle.inbox").fetchall() == [("A-1",)]


def test_work_on_a_merged_lead_is_work_on_the_lead_that_is_known(connection: Connection, crm: Crm) -> None:
    connection.execute(
        "insert into delivery.external_ids (target, lead_id, external_id, learned_at) values"
        " ('crm', 1, 'L-1', %(at)s), ('crm', 2, 'L-2', %(at)s)",
        {"at": NOW},
    )
    for gone, into in (("L-1", "X-7"), ("X-7", "X-8"), ("L-9", "L-2")):
        crm.post(f"/_crm/leads/{gone}/merge", {"into": into})
    crm.did("X-8")
    crm.did("L-2")
    crm.did("X-5")
    poll(connection, crm)
    rows = connection.execute("select crm_lead_id from crm.activities order by activity_id").fetchall()
    assert rows == [("L-1",), ("L-2",), ("X-5",)]
    assert poll(connection, crm) == 0
    assert count(connection, "crm.refused") == 0


def test_what_we_wrote_ourselves_is_no_news_and_a_feed_that_stands_still_is_an_error(
    connection: Connection,
) -> None:
    class Scripted:
        page: dict[str, Any]

        def activities(self, **_: Any) -> dict[str, Any]:
            return self.page

        def reps(self) -> list[Any]:
            return []

    client: Any = Scripted()
    item = {"id": "1", "lead_id": "L", "kind": "status", "status": "taken", "occurred_at": NOW.isoformat()}
    client.page = {
        "items": [item | {"made_by": "leadops"}],
        "cursor": f'["{NOW.isoformat()}", "1"]',
        "done": True,
        "now": NOW.isoformat(),
    }
    assert poll_crm(connection, client, now=NOW, overlap=OVERLAP).activities == 0
    assert count(connection, "lifecycle.inbox") == 0
    client.page = client.page | {"done": False, "cursor": None}
    with pytest.raises(TransientError, match="leads to no other page"):
        poll_crm(connection, client, now=NOW, overlap=OVERLAP)
