import json
import threading
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult, repair_quarantined, retry_quarantined
from leadops.events.event_settings import EventSettings
from leadops.events.quarantine import list_quarantine
from tests.async_view import accept_events


def events(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select event_id, received_at, is_history, was_refused from cdp.events"
        " join identity.inbox on event_seq = seq"
    ).fetchall()


def test_a_changed_setting_lets_them_in_once(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    old = item | {"ts": "2026-06-20T00:00:00Z"}
    later = now + timedelta(days=400)
    accept_events(connection, [old, {}], now=now, settings=settings)
    assert retry_quarantined(connection, now=later, settings=settings) == RetryResult(refused=2)
    patient = settings.model_copy(update={"max_age_hours": 24 * 30})
    assert retry_quarantined(connection, now=later, settings=patient) == RetryResult(admitted=1, refused=1)
    assert retry_quarantined(connection, now=later, settings=patient) == RetryResult(refused=1)
    assert events(connection) == [("e-1", later, True, True)]
    assert [one.body for one in list_quarantine(connection, state="admitted")] == [json.dumps(old)]


def test_only_what_is_asked_for_is_tried(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    old = [item | {"event_id": f"e-{n}", "ts": "2026-06-20T00:00:00Z"} for n in range(3)]
    accept_events(connection, [*old, {}], now=now, settings=settings)
    first = list_quarantine(connection, reason="too_old")[-1]

    def retry(**choice: Any) -> RetryResult:
        return retry_quarantined(connection, now=now, settings=settings, history=True, **choice)

    assert retry(ids=[first.quarantine_id]) == RetryResult(admitted=1)
    assert retry(reason="too_old") == RetryResult(admitted=2)
    assert retry() == RetryResult(refused=1)


def test_a_refusal_for_another_reason_is_told(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    accept_events(connection, [item], now=now - timedelta(hours=1), settings=settings)  # from the future
    strict = settings.model_copy(update={"placeholder_ids": frozenset({"u-1"})})
    assert retry_quarantined(connection, now=now, settings=strict) == RetryResult(refused=1)
    assert list_quarantine(connection)[0].reason == "placeholder_id"


def test_an_event_that_came_in_otherwise_is_known(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    accept_events(connection, [item | {"ts": "2026-07-01T11:00:00Z"}, item], now=now, settings=settings)
    later = now + timedelta(hours=2)
    assert retry_quarantined(connection, now=later, settings=settings) == RetryResult(duplicates=1)
    assert list_quarantine(connection) == []


def test_a_bot_by_its_request_stays_a_bot(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    accept_events(connection, [item], now=now, settings=settings, user_agent="Googlebot/2.1")
    assert retry_quarantined(connection, now=now, settings=settings) == RetryResult(refused=1)


@pytest.mark.parametrize("history", [False, True])
def test_a_form_that_looks_like_spam_is_released_and_known_when_it_comes_again(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime, history: bool
) -> None:
    form = item | {"event": "submit_form", "properties": {"honeypot": "x"}}
    browsing = item | {"event_id": "e-2", "properties": {"honeypot": "x"}}
    result = accept_events(connection, [form, browsing], now=now, settings=settings, history=history)
    assert result.accepted == 1, "only forms are spam"
    assert [refused.reason for refused in result.quarantined] == ["spam_honeypot"]
    assert retry_quarantined(connection, now=now, settings=settings) == RetryResult(refused=1)
    assert retry_quarantined(connection, now=now, settings=settings, ids=[], vouched=True) == RetryResult()
    released = retry_quarantined(connection, now=now, settings=settings, vouched=True)
    assert released == RetryResult(admitted=1)
    again = accept_events(connection, [form], now=now + timedelta(days=9), settings=settings, history=history)
    assert (again.accepted, again.duplicates, again.quarantined) == (0, 1, [])


def test_a_repaired_form_was_looked_at(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    form = item | {"event": "submit_form", "properties": {"honeypot": "x"}, "email": "ann@mailinator.com"}
    accept_events(connection, [form], now=now, settings=settings)
    (refused,) = list_quarantine(connection)
    changes = [("properties.plan", "team")]
    repaired = repair_quarantined(
        connection, refused.quarantine_id, changes=changes, now=now, settings=settings
    )
    assert repaired == RetryResult(admitted=1)


@pytest.mark.parametrize("way", ["retry", "repair"])
@pytest.mark.parametrize("history", [False, True])
def test_what_waited_two_minutes_is_late_but_no_history(
    connection: Connection,
    settings: EventSettings,
    item: dict[str, Any],
    now: datetime,
    way: str,
    history: bool,
) -> None:
    hurried = item | {"ts": (now + timedelta(hours=1)).isoformat()}  # a clock that goes ahead
    accept_events(connection, [hurried], now=now, settings=settings, history=history)
    later = now + timedelta(minutes=2)
    if way == "retry":
        lenient = settings.model_copy(update={"max_ahead_minutes": 90})
        assert retry_quarantined(connection, now=later, settings=lenient) == RetryResult(admitted=1)
    else:
        one = list_quarantine(connection)[0].quarantine_id
        repair_quarantined(connection, one, changes=[("ts", now.isoformat())], now=later, settings=settings)
    assert events(connection) == [("e-1", later, history, True)]


def test_a_repair_lets_it_in_and_keeps_both_bodies(
    connection: Connection, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    accept_events(connection, [item | {"ts": "2026-07-01", "event": "Pricing"}], now=now, settings=settings)
    one = list_quarantine(connection)[0].quarantine_id

    def repair(*changes: tuple[str, Any]) -> RetryResult:
        return repair_quarantined(
            connection, one, changes=changes, now=now + timedelta(days=9), settings=settings
        )

    with pytest.raises(PermanentError, match="still refused"):
        repair(("event", "view_pricing"))
    assert repair(("event", "view_pricing"), ("ts", "2026-07-01T09:00:00Z")) == RetryResult(admitted=1)
    row = connection.execute("select body, admitted_body, state from cdp.quarantine").fetchone()
    assert row
    assert json.loads(row[0])["event"] == "Pricing"
    assert json.loads(row[1])["event"] == "view_pricing"
    assert row[2] == "admitted"
    with pytest.raises(PermanentError, match=f"no item {one} waits"):
        repair(("event", "view_pricing"))


def test_two_retries_at_once_admit_once(
    database_url: str, settings: EventSettings, item: dict[str, Any], now: datetime
) -> None:
    old = [item | {"event_id": f"e-{n}", "ts": "2018-06-20T00:00:00Z"} for n in range(1200)]
    done: list[RetryResult] = []
    with psycopg.connect(database_url, autocommit=True) as connection:
        accept_events(connection, [*old], now=now, settings=settings)

    def retry() -> None:
        with psycopg.connect(database_url) as connection:
            done.append(retry_quarantined(connection, now=now, settings=settings, history=True))

    threads = [threading.Thread(target=retry) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.admitted for one in done) == 1200
    assert sum(one.duplicates + one.refused for one in done) == 0
    with psycopg.connect(database_url) as connection:
        assert len(events(connection)) == 1200
