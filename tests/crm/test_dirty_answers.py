"""Whatever a CRM's page holds, each item is mirrored or kept as refused, and the cursor moves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from tests.dirty_json import AROUND, fatal, harmless
from tests.promises import promise_examples
from tests.scripted_server import ScriptedServer, serve_script

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
#: Members of which an activity needs a sound one; these are not.
WRONG = {
    b"id": (
        b"null",
        b'""',
        b'" \\u3000"',
        b"true",
        b"1.5",
        b'{"a":1}',
        b'"' + b"x" * 201 + b'"',
        b'"\\u0000"',
    ),
    b"lead_id": (b"null", b"[]", b"false", b"-0.5"),
    b"kind": (b"null", b'"  "', b"{}"),
    b"status": (b"[1]",),
    b"rep_id": (b"{}", b"2.5"),
    b"occurred_at": (
        b"null",
        b'"soon"',
        b"1780000000",
        b'"2026-06-01T10:00:00"',
        b'"0001-01-01T00:00:00+14:00"',
        b'"9999-12-31T23:59:59-12:00"',
        b'"1969-12-31T23:59:59Z"',
        b'"2026-06-01T10:00:00Z\\ud83d"',
    ),
}
SOUND = {
    b"lead_id": b'"L-1"',
    b"kind": b'"Call"',
    b"rep_id": b'""',
    b"status": b'"\\u3000"',
    b"occurred_at": b'"2026-06-01T09:00:00+09:00"',
}


@dataclass(frozen=True)
class Item:
    """An item as bytes; `is_readable` says what must become of it."""

    body: bytes
    is_readable: bool


@st.composite
def write_item(draw: st.DrawFn, number: int) -> Item:
    """Return an activity with the id a<number>, or something that is none."""
    members = {b"id": b'"a%d"' % number, **SOUND}
    extra = [b'"number":%d' % number, *draw(harmless)]
    match draw(st.sampled_from(["good", "good", "wrong member", "fatal", "no object"])):
        case "wrong member":
            name = draw(st.sampled_from(sorted(WRONG)))
            members[name] = draw(st.sampled_from(WRONG[name]))
            is_readable = False
        case "fatal":
            extra.append(draw(fatal))
            is_readable = False
        case "no object":
            shapes = [b"%d", b'"text %d \\ud83d"', b"[%d]", b"[[NaN, %d]]"]
            return Item(draw(st.sampled_from(shapes)) % number, is_readable=False)
        case _:
            is_readable = True
    pairs = [b"%s:%s" % (b'"' + name + b'"', value) for name, value in members.items()]
    return Item(b"{" + b",".join(draw(st.permutations(pairs + extra))) + b"}", is_readable)


@st.composite
def write_feed(draw: st.DrawFn) -> list[list[Item]]:
    """Return the pages of a feed; only the last may be empty."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    numbers = iter(range(100))
    return [[draw(write_item(next(numbers))) for _ in range(size)] for size in sizes]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script() as running:
        yield running


@settings(
    deadline=None,
    max_examples=promise_examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(pages=write_feed(), around=AROUND)
def test_each_item_is_mirrored_or_kept_and_the_cursor_moves(
    connection: Connection, server: ScriptedServer, pages: list[list[Item]], around: tuple[bytes, bytes]
) -> None:
    connection.execute("truncate crm.activities, crm.feeds, crm.reps, crm.refused, lifecycle.inbox")
    connection.commit()

    def respond(_method: str, path: str, _body: bytes) -> tuple[int, bytes]:
        if path.startswith("/v1/reps"):
            return (
                200,
                b'{"items":[{"id":"r1","name":"\\ud83d"},{"id":"r2","quota":NaN},{"name":"nobody"},7]}',
            )
        place = int(parse_qs(urlsplit(path).query).get("after", ["0"])[0])
        items = b",".join(item.body for item in pages[place]) if place < len(pages) else b""
        cursor = min(place + 1, len(pages))
        body = b'{"items":[%s],"cursor":"%d","as_of":"2026-06-01T09:59:00Z"}' % (items, cursor)
        return 200, around[0] + body + around[1]

    server.respond = respond
    items = [item for page in pages for item in page]
    good = sum(item.is_readable for item in items)
    client = CrmClient(Endpoint(base_url=server.url, token="t", timeout=30))
    try:
        for poll, new in ((1, good), (2, 0)):
            result = poll_crm(connection, client, now=NOW)
            refused = (len(items) - good if poll == 1 else 0) + 3
            assert (result.activities, result.refused, result.reps) == (new, refused, 1)
    finally:
        client.close()
    counts = connection.execute(
        "select (select count(*) from crm.activities), (select count(*) from lifecycle.inbox),"
        " (select count(*) from crm.refused where feed = 'activities'),"
        " (select count(*) from crm.refused where feed = 'reps'),"
        " (select cursor from crm.feeds), (select as_of from crm.feeds), (select count(*) from crm.reps)"
    ).fetchone()
    connection.commit()
    assert counts == (good, good, len(items) - good, 3, str(len(pages)), NOW - timedelta(minutes=1), 1)


def test_half_an_emoji_costs_half_an_emoji(connection: Connection, server: ScriptedServer) -> None:
    """The note of one activity is cut in the middle of an emoji: the note, and all else, is mirrored."""
    body = (
        b'{"items":[{"id":1,"lead_id":"L-1","kind":"note","occurred_at":"2026-06-01T09:00:00Z",'
        b'"subject":"Thank you \\ud83d"},'
        b'{"id":2,"lead_id":"L-2","kind":"call","occurred_at":"2026-06-01T09:01:00Z"}],'
        b'"cursor":"2","as_of":"2026-06-01T09:59:00Z"}'
    )
    empty = b'{"items":[],"cursor":"2","as_of":"2026-06-01T09:59:00Z"}'
    server.respond = lambda _method, path, _body: (
        200,
        b"[]" if "reps" in path else empty if "after=2" in path else body,
    )
    client = CrmClient(Endpoint(base_url=server.url, token="t", timeout=30))
    result = poll_crm(connection, client, now=NOW)
    client.close()
    assert (result.activities, result.refused) == (2, 0)
    rows = connection.execute(
        "select activity_id, details ->> 'subject' from crm.activities order by activity_id"
    ).fetchall()
    assert rows == [("1", "Thank you \ufffd"), ("2", None)]


def test_a_known_salesperson_who_cannot_be_read_stays(connection: Connection, server: ScriptedServer) -> None:
    reps = [b'[{"id":"r1","name":"Hana"},{"id":"r2"}]', b'[{"id":"r1","name":"Hana","quota":1e400}]']
    feed = b'{"items":[],"cursor":null,"as_of":"2026-06-01T09:59:00Z"}'
    client = CrmClient(Endpoint(base_url=server.url, token="t", timeout=30))
    for answer in reps:
        server.respond = lambda _method, path, _body, answer=answer: (200, answer if "reps" in path else feed)
        poll_crm(connection, client, now=NOW)
    client.close()
    assert connection.execute("select rep_id, profile ->> 'name' from crm.reps").fetchall() == [
        ("r1", "Hana")
    ]
    kept = connection.execute("select feed, body ->> 'quota', reason from crm.refused").fetchall()
    assert [row[:2] for row in kept] == [("reps", "1e400")]
    assert "not finite" in kept[0][2]
