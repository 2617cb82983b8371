import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from tests.gateway.conftest import KEY, SITE, Serve
from tests.promises import promise_examples
from tests.waiting import wait_until


def assert_problem(response: httpx.Response, status: int, word: str) -> None:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert word in problem["detail"]


def stored(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("select count(*) from cdp.events join identity.inbox on event_seq = seq")
        return int(row.fetchall()[0][0])


def test_an_event_is_taken_once(gateway: httpx.Client, database_url: str, item: dict[str, Any]) -> None:
    first = gateway.post("/collect", json=item)
    assert (first.status_code, first.json()) == (
        202,
        {"accepted": 1, "duplicates": 0, "quarantined": [], "changed": []},
    )
    assert gateway.post("/collect", json=[item]).json()["duplicates"] == 1
    assert stored(database_url) == 1


@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"events": items}])
def test_a_batch_is_told_item_by_item(gateway: httpx.Client, item: dict[str, Any], wrap: Any) -> None:
    bad = item | {"event_id": "e-2", "email": "nobody"}
    answer = gateway.post("/collect", json=wrap([item, bad, 7, item])).json()
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert [(one["index"], one["event_id"], one["reason"]) for one in answer["quarantined"]] == [
        (1, "e-2", "invalid_email"),
        (2, None, "not_an_object"),
    ]
    assert all(one["detail"] for one in answer["quarantined"])


@pytest.mark.parametrize("hours", [72, 73, 24 * 365])
@pytest.mark.parametrize("wrap", [lambda item: item, lambda item: [item], lambda item: {"events": [item]}])
def test_a_known_event_is_a_duplicate_days_later_too(
    serve: Serve, database_url: str, item: dict[str, Any], wrap: Any, hours: int
) -> None:
    """A sender that got no answer repeats its call, maybe after a long weekend."""
    now = datetime.fromisoformat(item["ts"])
    keyed = {"X-Write-Key": KEY}
    assert serve(clock=lambda: now).post("/collect", json=wrap(item), headers=keyed).json()["accepted"] == 1
    later = serve(clock=lambda: now + timedelta(hours=hours, microseconds=1))
    known = {"accepted": 0, "duplicates": 1, "quarantined": [], "changed": []}
    assert later.post("/collect", json=wrap(item), headers=keyed).json() == known
    answer = later.post("/collect", json=wrap(item | {"event_id": "e-2"}), headers=keyed).json()
    assert [one["reason"] for one in answer["quarantined"]] == ["too_old"]
    assert stored(database_url) == 1


def test_what_was_changed_is_named_event_by_event(
    gateway: httpx.Client, database_url: str, item: dict[str, Any]
) -> None:
    odd = item | {"event_id": "e-2", "context": {"utm": {"campaign": 2026}}, "plan": "team", "user_id": ""}
    bad = item | {"event_id": 5, "context": "x"}
    answer = gateway.post("/collect", json=[item, bad, odd]).json()
    assert (answer["accepted"], len(answer["quarantined"])) == (2, 1)
    assert answer["changed"] == [
        {"index": 2, "path": "user_id", "what": "empty"},
        {"index": 2, "path": "context.utm.campaign", "what": "to_text"},
        {"index": 2, "path": "plan", "what": "dropped"},
    ]
    with psycopg.connect(database_url) as connection:
        payload = connection.execute("select payload from cdp.events where event_id = 'e-2'").fetchone()
        body = connection.execute("select body from cdp.quarantine").fetchone()
    assert payload == ({"properties": {"plan": "team"}, "context": {"utm": {"campaign": "2026"}}},)
    assert body == (json.dumps(bad),), "what is refused is kept as it came"


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b" \r\n"])
def test_a_byte_order_mark_is_no_fault(gateway: httpx.Client, item: dict[str, Any], mark: bytes) -> None:
    body = mark + json.dumps(item).encode()
    headers = {"Content-Type": "application/json"}
    assert gateway.post("/collect", content=body, headers=headers).json()["accepted"] == 1


def test_a_beacon_sends_text(gateway: httpx.Client, item: dict[str, Any]) -> None:
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    assert gateway.post("/collect", content=json.dumps(item), headers=headers).json()["accepted"] == 1


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff\xfe{\x00}\x00", "UTF-8"),
        (b'"text"', "an object"),
        (b'{"events": 5}', "an object"),
        (b"NaN", "an object"),
        (b"9" * 5000, "an object"),
        (b"[" * 100_000, "levels"),
        (b"[" * 300 + b"]" * 300, "levels"),
    ],
)
def test_what_is_no_json_is_refused(gateway: httpx.Client, body: bytes, word: str) -> None:
    response = gateway.post("/collect", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, 400, word)


def test_other_content_is_refused(gateway: httpx.Client, item: dict[str, Any]) -> None:
    for headers in ({"Content-Type": "application/x-www-form-urlencoded"}, {"Content-Type": ""}):
        response = gateway.post("/collect", content=json.dumps(item), headers=headers)
        assert_problem(response, 415, "application/json")
    packed = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    assert_problem(gateway.post("/collect", content=b"{}", headers=packed), 415, "uncompressed")


def test_too_many_and_too_large_are_refused(gateway: httpx.Client, database_url: str) -> None:
    assert_problem(gateway.post("/collect", json=[{}] * 501), 413, "500 events")
    assert gateway.post("/collect", json=[{}] * 500).status_code == 202
    assert_problem(gateway.post("/collect", json={"x": "y" * 524_288}), 413, "512 KB")


def test_a_length_that_is_not_declared_is_counted(gateway: httpx.Client) -> None:
    pieces = (b" " * 65_536 for _ in range(9))
    response = gateway.post("/collect", content=pieces, headers={"Content-Type": "application/json"})
    assert_problem(response, 413, "512 KB")


def test_a_body_that_never_comes_is_given_up(serve: Serve) -> None:
    url = serve(body_seconds=0.2).base_url
    head = f"POST /collect HTTP/1.1\r\nHost: x\r\nX-Write-Key: {KEY}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port or 0), timeout=60) as caller:
        caller.sendall(f"{head}Content-Length: 100\r\n\r\n[".encode())
        answer = b"".join(iter(lambda: caller.recv(4096), b""))  # to the end: the gateway hangs up
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"application/problem+json" in answer


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", "https://www.example.com.evil.example"]
)
def test_a_foreign_page_is_refused(gateway: httpx.Client, item: dict[str, Any], origin: str) -> None:
    response = gateway.post("/collect", json=item, headers={"Origin": origin})
    assert_problem(response, 403, "allowed origin")
    assert "access-control-allow-origin" not in response.headers
    assert_problem(gateway.options("/collect", headers={"Origin": origin}), 403, "allowed origin")


def test_an_allowed_page_may_ask_send_and_read(gateway: httpx.Client, item: dict[str, Any]) -> None:
    asked = gateway.options("/collect", headers={"Access-Control-Request-Method": "POST"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == SITE
    assert asked.headers["access-control-allow-headers"] == "Content-Type"
    for body in (item, 5):
        assert gateway.post("/collect", json=body).headers["access-control-allow-origin"] == SITE


def test_the_write_key_needs_no_origin_and_a_wrong_one_is_refused(serve: Serve, item: dict[str, Any]) -> None:
    client = serve()  # its user agent is python-httpx, which is no browser and need not be
    assert client.post("/collect", json=item, headers={"X-Write-Key": KEY}).json()["accepted"] == 1
    wrong = {"X-Write-Key": KEY[:-1], "Origin": SITE}
    assert_problem(client.post("/collect", json=item, headers=wrong), 403, "X-Write-Key is wrong")


def test_history_needs_the_write_key(gateway: httpx.Client, item: dict[str, Any]) -> None:
    old, history = item | {"ts": "2018-07-01T00:00:00Z"}, {"X-Leadops-History": "true"}
    assert_problem(gateway.post("/collect", json=old, headers=history), 403, "write key")
    keyed = {"X-Write-Key": KEY}
    assert gateway.post("/collect", json=old, headers=keyed).json()["quarantined"][0]["reason"] == "too_old"
    assert gateway.post("/collect", json=old, headers=keyed | history).json()["accepted"] == 1


def test_a_browser_that_calls_itself_a_bot_is_one(gateway: httpx.Client, item: dict[str, Any]) -> None:
    answer = gateway.post("/collect", json=item, headers={"User-Agent": "Googlebot/2.1"}).json()
    assert answer["quarantined"][0]["reason"] == "known_bot"


def test_who_sends_too_fast_is_told_when_to_come_back(serve: Serve, item: dict[str, Any]) -> None:
    client = serve(browsers={"events_per_second": 0.5, "burst": 3})
    page = {"Origin": SITE}
    assert client.post("/collect", json=[item] * 5, headers=page).status_code == 202
    response = client.post("/collect", json=item, headers=page)
    assert_problem(response, 429, "wait")
    assert 1 <= int(response.headers["retry-after"]) <= 6
    assert response.headers["access-control-allow-origin"] == SITE
    assert client.post("/collect", json=item, headers={"X-Write-Key": KEY}).status_code == 202


def test_a_proxy_is_believed_only_if_it_is_ours(serve: Serve, item: dict[str, Any]) -> None:
    limits = {"browsers": {"events_per_second": 0.01, "burst": 1}}
    for trusted, second in (([], 429), (["127.0.0.0/8"], 202)):
        client = serve(trusted_proxies=trusted, **limits)
        for address, status in (("203.0.113.1", 202), ("203.0.113.2", second)):
            headers = {"Origin": SITE, "X-Forwarded-For": address}
            assert client.post("/collect", json=item, headers=headers).status_code == status


def test_without_a_database_nothing_is_claimed(serve: Serve, database_url: str, item: dict[str, Any]) -> None:
    client = serve(url="postgresql://nobody:x@127.0.0.1:1/none", connection_seconds=0.2)
    response = client.post("/collect", json=item, headers={"Origin": SITE})
    assert_problem(response, 503, "again later")
    assert response.headers["retry-after"] == "5"
    assert stored(database_url) == 0


def test_a_database_that_is_stuck_is_not_waited_for(
    serve: Serve, database_url: str, item: dict[str, Any]
) -> None:
    client = serve(database_seconds=1.0, connection_seconds=30)
    client.headers.update({"X-Write-Key": KEY})
    with psycopg.connect(database_url) as connection:
        connection.execute("lock table cdp.events in access exclusive mode")
        assert_problem(client.post("/collect", json=item), 503, "again later")
    assert client.post("/collect", json=item).json() == {
        "accepted": 1,
        "duplicates": 0,
        "quarantined": [],
        "changed": [],
    }


def test_a_connection_that_was_cut_is_replaced(
    gateway: httpx.Client, database_url: str, item: dict[str, Any]
) -> None:
    assert gateway.post("/collect", json=item).status_code == 202
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where application_name = 'leadops gateway' and datname = current_database()"
        )
    assert gateway.post("/collect", json=item).json()["duplicates"] == 1


def test_a_connection_that_is_cut_in_the_middle_of_a_batch_is_replaced(
    gateway: httpx.Client, database_url: str, item: dict[str, Any]
) -> None:
    with psycopg.connect(database_url) as blocker, ThreadPoolExecutor(1) as pool:
        blocker.execute("lock table cdp.events in access exclusive mode")
        answer = pool.submit(gateway.post, "/collect", json=item)
        cut = wait_until(lambda: cut_waiting_backend(database_url))
        blocker.rollback()
        assert answer.result().json() == {"accepted": 1, "duplicates": 0, "quarantined": [], "changed": []}
    assert cut == 1
    assert stored(database_url) == 1


def cut_waiting_backend(url: str) -> int:
    """End the gateway's connections that wait for a lock; return how many."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock'"
            " and application_name = 'leadops gateway' and datname = current_database()"
        )
        return len(rows.fetchall())


def test_many_at_once_are_each_stored_once(
    gateway: httpx.Client, database_url: str, item: dict[str, Any]
) -> None:
    answers: list[dict[str, Any]] = []

    def send(start: int) -> None:
        batch = [item | {"event_id": f"e-{n}"} for n in range(start, start + 20)]
        answers.append(gateway.post("/collect", json=batch).json())

    threads = [threading.Thread(target=send, args=(10 * n,)) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer["accepted"] for answer in answers) == stored(database_url) == 130
    assert sum(answer["duplicates"] for answer in answers) == 110


TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
EVENTS = st.builds(
    lambda fields: {"event_id": "e", "event": "page_view"} | fields, st.dictionaries(TEXT, JSON)
)


@run(
    max_examples=promise_examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(items=st.lists(JSON | EVENTS, max_size=6))
def test_every_item_of_any_json_is_accounted_for(gateway: httpx.Client, items: list[object]) -> None:
    headers = {"Content-Type": "application/json", "X-Write-Key": KEY}
    response = gateway.post("/collect", content=json.dumps(items), headers=headers)
    assert response.status_code == 202
    answer = response.json()
    assert answer["accepted"] + answer["duplicates"] + len(answer["quarantined"]) == len(items)


@run(
    max_examples=promise_examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(body=st.binary(max_size=60))
def test_no_bytes_make_it_fail(gateway: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/json", "X-Write-Key": KEY}
    assert gateway.post("/collect", content=body, headers=headers).status_code in (202, 400)
