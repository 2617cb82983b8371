import json
import threading
from datetime import datetime
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as run
from hypothesis import strategies as st

from leadops.db import Connection
from leadops.events.event_batch import EventBatch
from leadops.events.event_settings import EventSettings
from leadops.events.event_store import AcceptResult
from leadops.events.proof import Proof, sign_identity
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


#: The settings accept 72 hours; the item of these tests happened on 1 July at 09:29:00.
LAST_MOMENT = datetime.fromisoformat("2026-07-04T09:29:00Z")
TOO_LATE = datetime.fromisoformat("2026-07-04T09:29:00.001Z")


@pytest.mark.parametrize("later", [LAST_MOMENT, TOO_LATE, datetime.fromisoformat("2027-07-01T00:00:00Z")])
def test_a_known_event_is_a_duplicate_however_late_it_is_repeated(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], later: datetime
) -> None:
    assert accept(autocommit, [item], settings).accepted == 1
    assert accept(autocommit, [item], settings, now=later) == AcceptResult(0, 1, [])
    other_body = item | {"event": "page_view", "email": "bob@buyers.example"}
    assert accept(autocommit, [other_body, item], settings, now=later) == AcceptResult(0, 2, [])
    assert count(autocommit) == (1, 1, 0)


def test_an_unknown_event_is_too_old_from_the_first_moment_after_72_hours(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    late = accept(autocommit, [item], settings, now=TOO_LATE)
    assert (late.accepted, late.duplicates) == (0, 0)
    assert [(one.index, one.event_id, one.reason) for one in late.quarantined] == [(0, "e-1", "too_old")]
    assert count(autocommit) == (0, 0, 1)
    assert accept(autocommit, [item], settings, now=LAST_MOMENT) == AcceptResult(1, 0, [])


def test_a_late_batch_is_known_old_and_new_in_its_own_order(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    known = [item | {"event_id": f"known-{n}"} for n in range(3)]
    accept(autocommit, known, settings)
    fresh = item | {"event_id": "fresh", "ts": "2026-07-04T09:29:00Z"}
    batch: list[object] = [
        item | {"event_id": "old-0"},
        known[2],
        fresh,
        "no event",
        known[0],
        item | {"event_id": "old-5"},
        item | {"event_id": "fresh"},  # old, under the id of a new event of this call
        known[1] | {"ts": "yesterday"},  # what cannot be read is refused, whatever its id
        item | {"event_id": "known-1", "ts": "1969-12-31T23:59:59Z"},  # and so is what was never valid
    ]
    done = accept(autocommit, batch, settings, now=TOO_LATE)
    assert (done.accepted, done.duplicates) == (1, 3)
    assert [(one.index, one.reason) for one in done.quarantined] == [
        (0, "too_old"),
        (3, "not_an_object"),
        (5, "too_old"),
        (7, "invalid_ts"),
        (8, "too_old"),
    ]
    assert count(autocommit) == (4, 4, 5)
    assert autocommit.execute(
        "select count(*) from cdp.quarantine where body like '%known-0%'"
    ).fetchone() == (0,)


#: How an event is sent with each proof, the weakest first.
SECRET = "identity-secret-0123"
SIGNED = {"signature": sign_identity(SECRET, email="ann@buyers.example", user_id="u-1")}
PROOFS: list[tuple[Proof, dict[str, str]]] = [(Proof.CLAIM, {}), (Proof.CLAIM, SIGNED), (Proof.WRITE_KEY, {})]


@pytest.mark.parametrize("first", range(3), ids=["claim", "verified", "write_key"])
@pytest.mark.parametrize("again", range(3), ids=["claim", "verified", "write_key"])
def test_an_old_event_with_more_proof_is_not_lost_as_the_duplicate_of_one_with_less(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any], first: int, again: int
) -> None:
    """Otherwise whoever sent the id first would make the real event, which comes days late, disappear."""

    def send(number: int, **options: Any) -> AcceptResult:
        sender, signature = PROOFS[number]
        sent: list[object] = [item | signature]
        return accept(autocommit, sent, settings, sender=sender, identity_secrets=(SECRET,), **options)

    assert send(first).accepted == 1
    done = send(again, now=TOO_LATE)
    if again > first:
        assert [one.reason for one in done.quarantined] == ["too_old"]
        assert (done.duplicates, count(autocommit)) == (0, (1, 1, 1))
    else:
        assert (done, count(autocommit)) == (AcceptResult(0, 1, []), (1, 1, 0))


def test_a_known_id_is_cleaned_and_read_as_it_was_the_first_time(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    odd = item | {"event_id": "i\u0301d-\u65e5", "properties": {"note": "x" * 20_000}}
    assert accept(autocommit, [odd], settings).accepted == 1
    assert accept(autocommit, [odd], settings, now=TOO_LATE) == AcceptResult(0, 1, [])


def test_the_store_is_asked_only_for_what_is_too_old(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    items: list[object] = [
        item,
        item | {"event_id": "e-2", "ts": "yesterday"},
        {"event_id": "e-3"},
        "no event",
    ]
    sent = {"sender": Proof.WRITE_KEY, "identity_secrets": (), "history": False, "settings": settings}
    in_time = EventBatch(items, now=LAST_MOMENT, **sent)  # type: ignore[arg-type]
    assert [row.get("event_id") for row in in_time.refused] == [None, None, None]
    late = EventBatch(items, now=TOO_LATE, **sent)  # type: ignore[arg-type]
    assert [row.get("event_id") for row in late.refused] == ["e-1", None, None, None]


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
    max_examples=promise_examples(60),
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


def test_what_may_say_consent_is_marked_for_who_asks_before_it_is_resolved(
    autocommit: Connection, settings: EventSettings, item: dict[str, Any]
) -> None:
    said = item | {"event_id": "e-2", "event": "unsubscribe"}
    asked = item | {"event_id": "e-3", "context": {"consent": {"newsletter": False}}}
    assert accept(autocommit, [item, said, asked], settings).accepted == 3
    marked = "select event_id, says_consent from identity.inbox join cdp.events on event_seq = seq order by 1"
    assert autocommit.execute(marked).fetchall() == [("e-1", None), ("e-2", True), ("e-3", True)]
