"""The libraries of Segment and RudderStack send to the gateway; what is refused is kept or counted."""

import base64
import gzip
import json
import os
import time
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from rudderstack.analytics.client import Client as RudderClient
from segment.analytics.client import Client as SegmentClient

from leadops.db import Connection
from leadops.gateway.wrong_keys import fingerprint
from tests.gateway.conftest import KEY, PUBLIC_KEY, SITE, Serve
from tests.shipped import SHIPPED, change
from tests.waiting import PATIENCE

LIBRARIES = {"segment": SegmentClient, "rudderstack": RudderClient}


def basic(key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}


@pytest.fixture
def library(serve: Serve) -> httpx.Client:
    """A server's library that is not one of theirs."""
    client = serve()
    client.headers.update(basic(KEY))
    return client


def track(number: int = 1, **more: Any) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "type": "track",
        "messageId": f"m-{number}",
        "userId": "u-1",
        "event": "Item Viewed",
        "timestamp": now,
    } | more


def events(connection: Connection) -> list[tuple[Any, ...]]:
    connection.rollback()
    return connection.execute(
        "select event_id, event, anonymous_id, user_id, email, proof from cdp.events order by seq"
    ).fetchall()


def quarantined(connection: Connection) -> list[tuple[str, str]]:
    connection.rollback()
    return connection.execute("select reason, proof from cdp.quarantine order by quarantine_id").fetchall()


def refused(connection: Connection, reason: str) -> int:
    """How often calls were refused for a reason that begins so, as soon as any is counted."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        connection.rollback()
        counted = "select sum(times) from cdp.refused_calls where starts_with(reason, %s)"
        (times,) = connection.execute(counted, [reason]).fetchone() or (None,)
        if times:
            return int(times)
        time.sleep(0.05)
    return 0


@pytest.mark.parametrize("is_gzip", [True, False], ids=["gzip", "plain"])
@pytest.mark.parametrize("name", sorted(LIBRARIES))
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")
def test_the_libraries_send_every_call(
    serve: Serve, connection: Connection, name: str, is_gzip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "NO_PROXY", "127.0.0.1")
    failures: list[Any] = []
    client = LIBRARIES[name](
        KEY,
        host=str(serve().base_url),
        gzip=is_gzip,
        on_error=lambda error, batch: failures.append(error),
        max_retries=0,
    )
    try:
        client.identify(
            "u-1", {"email": "Ann@Buyers.example", "company": {"name": "Buyers"}}, message_id="m-1"
        )
        client.track("u-1", "Pricing Viewed", {"plan": "team"}, message_id="m-2", anonymous_id="a-1")
        client.page("u-1", "docs", "Pricing", {"path": "/pricing"}, message_id="m-3")
        client.screen("u-1", "app", "Welcome", message_id="m-4")
        client.group("u-1", "g-1", {"name": "Buyers", "industry": "software"}, message_id="m-5")
        client.alias("a-9", "u-1", message_id="m-6")
        client.track(
            user_id="u-1", event="late", message_id="m-7", timestamp=datetime.now(UTC) - timedelta(days=9)
        )
        client.flush()
    finally:
        client.join()
    assert failures == []
    assert events(connection) == [
        ("m-1", "identify", None, "u-1", "ann@buyers.example", "write_key"),
        ("m-2", "pricing_viewed", "a-1", "u-1", None, "write_key"),
        ("m-3", "page_view", None, "u-1", None, "write_key"),
        ("m-4", "screen_view", None, "u-1", None, "write_key"),
        ("m-5", "identify", None, "u-1", None, "write_key"),
        ("m-6", "identify", "a-9", "u-1", None, "write_key"),
    ]
    assert quarantined(connection) == [("too_old", "write_key")]
    pages = connection.execute(
        "select payload #>> '{context,page}', payload #>> '{properties,name}' from cdp.events"
        " where event = 'page_view'"
    ).fetchall()
    assert pages == [("/pricing", "Pricing")]


@pytest.mark.parametrize("name", sorted(LIBRARIES))
@pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow")
def test_a_library_learns_why_it_is_refused_and_does_not_try_again(
    serve: Serve, connection: Connection, name: str
) -> None:
    failures: list[Any] = []
    client = LIBRARIES[name](
        "another-key-0123456",
        host=str(serve().base_url),
        on_error=lambda error, batch: failures.append(error),
    )
    try:
        client.track("u-1", "x")
        client.flush()
    finally:
        client.join()
    (error,) = failures
    assert (error.status, error.code) == (401, "bad_key")
    assert "LEADOPS_WRITE_KEY" in error.message
    assert refused(connection, f"segment_bad_key_{fingerprint('another-key-0123456')}") == 1


def test_the_answer_is_that_of_segment_and_says_more(library: httpx.Client, connection: Connection) -> None:
    batch = [
        track(1),
        track(2, event="資料請求"),
        track(3, type="click"),
        "no message",
        track(4, context={"x": "y" * 40000}),
    ]
    first = library.post("/v1/batch", json={"batch": batch, "sentAt": datetime.now(UTC).isoformat()})
    assert first.status_code == 200
    answer = first.json()
    assert (answer["success"], answer["accepted"], answer["duplicates"]) == (True, 1, 0)
    assert [(item["index"], item["reason"]) for item in answer["quarantined"]] == [
        (1, "invalid_name"),
        (2, "unknown_call"),
        (3, "not_an_object"),
        (4, "too_large"),
    ]
    assert sorted(reason for reason, _ in quarantined(connection)) == [
        "invalid_name",
        "not_an_object",
        "too_large",
        "unknown_call",
    ]
    again = library.post("/v1/batch", json={"batch": batch[:1]}).json()
    assert (again["accepted"], again["duplicates"]) == (0, 1)


@pytest.mark.parametrize("call", ["track", "t"])
def test_one_message_goes_by_the_call_of_its_address(
    library: httpx.Client, connection: Connection, call: str
) -> None:
    message = track() | {"type": "identify"}
    assert library.post(f"/v1/{call}", json=message).json()["accepted"] == 1
    assert events(connection)[0][:2] == ("m-1", "item_viewed")


def test_a_clock_that_is_wrong_is_corrected(library: httpx.Client, connection: Connection) -> None:
    ahead = datetime.now(UTC) + timedelta(days=400)
    batch = [track(timestamp=(ahead - timedelta(minutes=10)).isoformat())]
    assert (
        library.post("/v1/batch", json={"batch": batch, "sentAt": ahead.isoformat()}).json()["accepted"] == 1
    )
    row = connection.execute("select received_at - ts from cdp.events").fetchone()
    assert row
    assert row[0] == timedelta(minutes=10)


def test_more_messages_than_one_statement_takes_are_stored_in_several(
    serve: Serve, connection: Connection
) -> None:
    client = serve(max_events=2)
    client.headers.update(basic(KEY))
    batch = [track(number) for number in range(5)]
    batch[3]["event"] = "?"
    answer = client.post("/v1/batch", json={"batch": batch}).json()
    assert (answer["accepted"], [item["index"] for item in answer["quarantined"]]) == (4, [3])
    assert len(events(connection)) == 4


def test_an_event_of_the_public_key_is_a_claim(serve: Serve, connection: Connection) -> None:
    client = serve()
    message = track(context={"traits": {"email": "ann@buyers.example"}})
    page = {"Origin": SITE, "User-Agent": "Mozilla/5.0 (X11) Firefox/127.0"}
    for number, (headers, body) in enumerate(
        (
            (basic(PUBLIC_KEY) | page, {}),  # RudderStack's library for browsers
            (page | {"Content-Type": "text/plain"}, {"writeKey": PUBLIC_KEY}),  # Segment's
            (basic(PUBLIC_KEY) | {"User-Agent": "okhttp/4.12.0"}, {}),  # an app
        )
    ):
        content = json.dumps(message | body | {"messageId": f"c-{number}"})
        response = client.post(
            "/v1/track", content=content, headers={"Content-Type": "application/json"} | headers
        )
        assert response.status_code == 200, response.text
        is_page = "Origin" in headers
        assert response.headers.get("access-control-allow-origin") == (SITE if is_page else None)
    assert [row[5] for row in events(connection)] == ["claim"] * 3


def test_a_page_may_ask_whether_it_may_send(serve: Serve) -> None:
    client = serve()
    allowed = client.options("/v1/track", headers={"Origin": SITE})
    assert allowed.status_code == 204
    assert "Authorization" in allowed.headers["access-control-allow-headers"]
    assert client.options("/v1/track", headers={"Origin": "https://evil.example"}).status_code == 403


@pytest.mark.parametrize(
    ("headers", "body", "status", "reason"),
    [
        (basic("another-key-0123456"), {}, 401, "bad_key"),
        ({}, {}, 401, "bad_key"),
        ({}, {"writeKey": "\ud800"}, 401, "bad_key"),
        ({"Authorization": "Bearer " + KEY}, {"writeKey": KEY}, 401, "bad_key"),
        ({"Authorization": "Basic !"}, {}, 401, "bad_key"),
        ({"Authorization": b"Basic \xc3\xa9"}, {}, 401, "bad_key"),
        (basic(KEY) | {"Origin": SITE}, {}, 403, "key_in_page"),
        ({"Origin": SITE}, {"writeKey": KEY}, 403, "key_in_page"),
        (basic(PUBLIC_KEY) | {"Origin": "https://evil.example"}, {}, 403, "foreign_origin"),
        (basic(KEY) | {"Content-Type": "text/html"}, {}, 415, "unsupported_media_type"),
        (basic(KEY) | {"Content-Encoding": "br"}, {}, 415, "unsupported_media_type"),
    ],
)
def test_who_may_not_send_is_told_and_counted(
    serve: Serve,
    connection: Connection,
    headers: dict[str, Any],
    body: dict[str, str],
    status: int,
    reason: str,
) -> None:
    content = json.dumps(track() | body)
    response = serve().post(
        "/v1/track", content=content, headers={"Content-Type": "application/json"} | headers
    )
    problem = response.json()
    assert (response.status_code, problem["code"], problem["message"]) == (status, reason, problem["detail"])
    assert refused(connection, f"segment_{reason}") == 1
    assert events(connection) == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "bad_request"),
        (b"{", "bad_request"),
        (b"[]", "not_an_object"),
        (b'{"batch": {}}', "no_batch"),
        (b"{}", "no_batch"),
        (b"[" * 300 + b"]" * 300, "too_deep"),
    ],
)
def test_a_body_that_holds_no_batch_is_not_sent_again(
    library: httpx.Client, content: bytes, reason: str
) -> None:
    response = library.post("/v1/batch", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["code"]) == (400, reason)


def test_an_unknown_call_is_not_found(library: httpx.Client) -> None:
    response = library.post("/v1/foo", json=track())
    assert response.status_code == 404
    assert "/v1/batch" in response.json()["detail"]


def test_an_empty_batch_is_a_success(library: httpx.Client) -> None:
    assert library.post("/v1/batch", json={"batch": []}).json()["success"] is True


def post_gzip(library: httpx.Client, content: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return library.post("/v1/batch", content=content, headers=headers)


def test_a_bomb_is_refused_before_it_is_whole(library: httpx.Client, connection: Connection) -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = b"".join(bomb.compress(b"\0" * 1_000_000) for _ in range(200)) + bomb.flush()
    assert len(packed) < 250_000, "200 MB in less than the limit"
    response = post_gzip(library, packed)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert refused(connection, "segment_too_large") == 1


def test_512000_bytes_fit_and_one_more_does_not(library: httpx.Client) -> None:
    message = json.dumps({"batch": []}).encode()
    padded = message + b" " * (512000 - len(message))
    assert post_gzip(library, gzip.compress(padded)).status_code == 200
    assert post_gzip(library, gzip.compress(padded + b" ")).status_code == 413
    plain = {"Content-Type": "application/json"}
    assert library.post("/v1/batch", content=padded, headers=plain).status_code == 200
    assert library.post("/v1/batch", content=padded + b" ", headers=plain).status_code == 413


@pytest.mark.parametrize("cut", ["no gzip", "cut off", "more behind it"])
def test_a_broken_gzip_is_refused(library: httpx.Client, cut: str) -> None:
    packed = gzip.compress(json.dumps({"batch": [track()]}).encode())
    content = {"no gzip": b"{}", "cut off": packed[:-9], "more behind it": packed + packed}[cut]
    response = post_gzip(library, content)
    assert (response.status_code, response.json()["code"]) == (400, "not_gzip")


def test_a_fast_sender_waits_and_is_counted(serve: Serve, connection: Connection) -> None:
    client = serve(senders={"events_per_second": 0.001, "burst": 1})
    client.headers.update(basic(KEY))
    assert client.post("/v1/batch", json={"batch": [track(1), track(2)]}).status_code == 200
    response = client.post("/v1/batch", json={"batch": [track(3)]})
    assert (response.status_code, response.json()["code"]) == (429, "too_many")
    assert int(response.headers["retry-after"]) > 0
    assert refused(connection, "segment_too_many") == 1


def test_a_database_that_is_away_is_worth_another_try(serve: Serve) -> None:
    client = serve(url="postgresql://nobody@127.0.0.1:1/none", connection_seconds=0.2, database_seconds=0.2)
    response = client.post("/v1/track", json=track(), headers=basic(KEY))
    assert response.status_code == 503
    assert int(response.headers["retry-after"]) > 0


def test_old_events_of_a_server_are_history_if_it_says_so(
    library: httpx.Client, connection: Connection
) -> None:
    old = track(timestamp=(datetime.now(UTC) - timedelta(days=30)).isoformat())
    assert library.post("/v1/track", json=old, headers={"X-Leadops-History": "true"}).json()["accepted"] == 1
    assert connection.execute("select is_history from cdp.events").fetchone() == (True,)


def test_names_of_the_settings_are_used(serve: Serve, connection: Connection) -> None:
    client = serve(events=change(SHIPPED.events, track_names={"Pricing Viewed": "view_pricing"}))
    assert client.post("/v1/track", json=track(event="Pricing Viewed"), headers=basic(KEY)).status_code == 200
    assert events(connection)[0][1] == "view_pricing"


def test_refused_calls_to_collect_are_counted_too(serve: Serve, connection: Connection) -> None:
    assert serve().post("/collect", json=[]).status_code == 403
    assert refused(connection, "collect_forbidden") == 1


def test_a_call_of_too_many_messages_is_refused_and_counted(serve: Serve, connection: Connection) -> None:
    client = serve(segment={"max_messages": 3})
    client.headers.update(basic(KEY))
    fits = client.post("/v1/batch", json={"batch": [track(number) for number in range(3)]})
    assert (fits.status_code, fits.json()["accepted"]) == (200, 3)
    response = client.post("/v1/batch", json={"batch": [{}] * 4})
    assert (response.status_code, response.json()["code"]) == (413, "too_many_messages")
    assert refused(connection, "segment_too_many_messages") == 1
    assert quarantined(connection) == []


def test_80000_messages_in_a_small_body_are_refused(library: httpx.Client, connection: Connection) -> None:
    packed = gzip.compress(b'{"batch":[' + b"{}," * 79_999 + b"{}]}")
    assert len(packed) < 2000
    response = post_gzip(library, packed)
    assert (response.status_code, response.json()["code"]) == (413, "too_many_messages")
    assert quarantined(connection) == []


def test_copies_of_the_context_of_a_batch_have_a_limit(serve: Serve, connection: Connection) -> None:
    client = serve(segment={"max_context_bytes": 4000})
    client.headers.update(basic(KEY))
    context = {"app": "y" * 989}
    assert len(json.dumps(context)) == 1000
    batch = [track(number) for number in range(5)]
    fits = client.post("/v1/batch", json={"batch": batch[:4], "context": context})
    assert (fits.status_code, fits.json()["accepted"]) == (200, 4)
    response = client.post("/v1/batch", json={"batch": batch, "context": context})
    assert (response.status_code, response.json()["code"]) == (413, "too_much_context")
    assert refused(connection, "segment_too_much_context") == 1


def test_a_refused_message_has_no_copy_of_the_context_of_its_batch(
    library: httpx.Client, connection: Connection
) -> None:
    batch = [track(1, context={"page": {"path": "/own"}}), {"type": "click", "userId": "u-1"}]
    context = {"large": "y" * 40_000, "page": {"path": "/shared"}}
    answer = library.post("/v1/batch", json={"batch": batch, "context": context}).json()
    assert [item["reason"] for item in answer["quarantined"]] == ["too_large", "unknown_call"]
    rows = connection.execute("select body from cdp.quarantine order by reason").fetchall()
    first, second = (json.loads(row[0]) if isinstance(row[0], str) else row[0] for row in rows)
    assert (first["event_id"], first["context"]) == ("m-1", {"page": "/own"})
    assert "context" not in second


def test_a_context_of_the_batch_is_under_that_of_its_messages(
    library: httpx.Client, connection: Connection
) -> None:
    batch = [track(1), track(2, context={"site": "own.example"})]
    sent = {"batch": batch, "context": {"site": "shared.example", "app": "x"}}
    assert library.post("/v1/batch", json=sent).json()["accepted"] == 2
    rows = connection.execute("select payload -> 'context' from cdp.events order by seq").fetchall()
    assert [row[0] for row in rows] == [
        {"site": "shared.example", "app": "x"},
        {"site": "own.example", "app": "x"},
    ]


def test_a_call_that_fails_in_its_second_part_has_stored_nothing(
    serve: Serve, connection: Connection
) -> None:
    connection.execute(
        "create function cdp.fail_once() returns trigger language plpgsql as $$ begin"
        " if new.event_id = 'm-3' then raise sqlstate '57014'; end if; return new; end $$"
    )
    connection.execute(
        "create trigger fail_once before insert on cdp.events for each row execute function cdp.fail_once()"
    )
    connection.commit()
    client = serve(max_events=2)
    client.headers.update(basic(KEY))
    batch = [track(number) for number in range(5)]
    assert client.post("/v1/batch", json={"batch": batch}).status_code == 503
    assert events(connection) == []
    connection.execute("drop trigger fail_once on cdp.events")
    connection.commit()
    assert client.post("/v1/batch", json={"batch": batch}).json()["accepted"] == 5
