import json
import threading
from datetime import datetime
from typing import Any

import psycopg
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from leadops.db import Connection
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import AcceptResult
from tests.async_view import accept_events
from tests.promises import promise_examples


def accept(
    connection: Connection, items: list[object], settings: EventSettings, **options: Any
) -> AcceptResult:
    now = options.pop("now", datetime.fromisoformat("2026-07-01T09:30:00Z"))
    return accept_events(connection, items, now=now, settings=settings, **options)


def count(connection: Connection) -> tuple[int, int, int]:
    """Return how many events, inbox rows and quarantined arrivals there are."""
    row = connection.execute(
        "select (select count(*) from cdp.events), (select count(*) from identity.inbox),"
        " (select coalesce(sum(times), 0) from cdp.quarantine)"
    ).fetchone()
    assert row
    return row[0], row[1], int(row[2])


def test_keeps_an_event_as_sent(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    assert accept(autocommit, [item], settings) == AcceptResult(1, 0, [])
    row = autocommit.execute(
        "select event_id, event, ts, received_at, anonymous_id, user_id, email, payload, is_history, seq"
        " from cdp.events"
    ).fetchone()
    assert row
    assert row[:2] == ("e-1", "view_pricing")
    assert row[2] == datetime.fromisoformat("2026-07-01T09:29:00Z")
    assert row[3:7] == (now, "a-1", "u-1", "ann@buyers.example")
    assert row[7] == {"properties": item["properties"], "context": item["context"]}
    assert row[8] is False
    assert autocommit.execute("select event_seq from identity.inbox").fetchall() == [(row[9],)]


def test_an_id_counts_once_for_ever(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    other_body = item | {"event": "page_view", "email": "bob@buyers.example"}
    assert accept(autocommit, [item, other_body, item], settings) == AcceptResult(1, 2, [])
    assert accept(autocommit, [other_body], settings) == AcceptResult(0, 1, [])
    assert autocommit.execute("select event from cdp.events").fetchall() == [("view_pricing",)]
    assert count(autocommit) == (1, 1, 0)


def test_the_refused_are_kept_whole_and_counted(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    broken: list[object] = [
        item | {"event_id": "e-2", "ts": "yesterday"},
        "\ud800\0",
        {"event_id": 10**30},
        None,
    ]
    done = accept(autocommit, [item, *broken, *broken], settings, user_agent="Firefox\0\ud800")
    assert (done.accepted, done.duplicates) == (1, 0)
    assert [(one.index, one.event_id, one.reason) for one in done.quarantined[:4]] == [
        (1, "e-2", "invalid_ts"),
        (2, None, "not_an_object"),
        (3, None, "unusable_number"),
        (4, None, "not_an_object"),
    ]
    kept = autocommit.execute("select body, times from cdp.quarantine").fetchall()
    assert sorted((body, times) for body, times in kept) == sorted((json.dumps(one), 2) for one in broken)
    assert count(autocommit) == (1, 1, 8)


def test_history_is_marked(autocommit: Connection, settings: EventSettings, item: dict[str, Any]) -> None:
    old = item | {"ts": "2018-07-01T00:00:00Z"}
    assert accept(autocommit, [old], settings).quarantined[0].reason == "too_old"
    assert accept(autocommit, [old], settings, history=True).accepted == 1
    assert autocommit.execute("select is_history from cdp.events").fetchall() == [(True,)]


def test_all_or_nothing(connection: Connection, settings: EventSettings, item: dict[str, Any]) -> None:
    connection.execute("drop table cdp.quarantine cascade")
    connection.commit()
    try:
        accept(connection, [item, {}], settings)
    except psycopg.errors.UndefinedTable:
        connection.rollback()
    assert connection.execute("select count(*) from cdp.events").fetchone() == (0,)


def test_transactions_that_commit_out_of_order_leave_every_inbox_row(
    database_url: str, settings: EventSettings, item: dict[str, Any]
) -> None:
    with psycopg.connect(database_url) as first, psycopg.connect(database_url) as second:
        accept(first, [item | {"event_id": "lower-seq"}], settings)
        accept(second, [item | {"event_id": "higher-seq"}], settings)
        second.commit()
        assert count(first)[:2] == (2, 2)  # its own, not committed yet, and the other
        assert count(second)[:2] == (1, 1)
        second.commit()
        first.commit()
        assert count(second)[:2] == (2, 2)


def test_two_senders_of_the_same_ids_never_block_each_other_for_good(
    database_url: str, settings: EventSettings, item: dict[str, Any]
) -> None:
    items: list[object] = [item | {"event_id": f"e-{n}"} for n in range(300)]
    bad: list[object] = [{"bad": n} for n in range(100)]
    done: list[AcceptResult] = []

    def send(batch: list[object]) -> None:
        with psycopg.connect(database_url, autocommit=True) as connection:
            done.extend(accept(connection, batch, settings) for _ in range(3))

    senders = [threading.Thread(target=send, args=([*items, *bad][::step],)) for step in (1, -1, 1, -1)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    assert len(done) == 12
    assert sum(one.accepted for one in done) == 300
    with psycopg.connect(database_url) as connection:
        assert count(connection) == (300, 300, 1200)


TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
ALMOST_EVENTS = st.fixed_dictionaries(
    {"event_id": TEXT | st.sampled_from(["a", "b"]), "event": st.just("page_view")},
    optional={
        "ts": st.datetimes().map(lambda t: t.isoformat() + "Z") | st.just("2026-07-01T09:00:00Z") | JSON,
        "anonymous_id": TEXT,
        "user_id": TEXT | JSON,
        "email": st.emails() | TEXT,
        "properties": st.dictionaries(TEXT, JSON, max_size=3) | JSON,
        "context": st.dictionaries(st.sampled_from(["utm", "page", "consent", "x"]), JSON) | JSON,
    },
)


@run(
    max_examples=promise_examples(150),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(items=st.lists(JSON | ALMOST_EVENTS, max_size=8), history=st.booleans())
def test_whatever_is_sent_is_accepted_known_or_quarantined(
    items: list[object], history: bool, autocommit: Connection, settings: EventSettings
) -> None:
    before = count(autocommit)
    done = accept(autocommit, items, settings, history=history)
    assert done.accepted + done.duplicates + len(done.quarantined) == len(items)
    after = count(autocommit)
    assert after[0] - before[0] == after[1] - before[1] == done.accepted
    assert after[2] - before[2] == len(done.quarantined)
    json.dumps([one.detail for one in done.quarantined]).encode("ascii")
