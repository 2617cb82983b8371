from datetime import datetime, timedelta
from typing import Any

import pytest

from leadops.events.event_refusal import EventRefusal
from leadops.events.event_settings import EventSettings
from leadops.events.validate_event import ValidItem, validate_item


def judge(item: object, now: datetime, settings: EventSettings, **options: Any) -> str:
    verdict = validate_item(
        item, **({"now": now, "arrived_at": now, "settings": settings, "history": False} | options)
    )
    return verdict.reason if isinstance(verdict, EventRefusal) else "valid"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({}, "valid"),
        ({"event": "Page View"}, "invalid_name"),
        ({"event": "page_view\n"}, "invalid_name"),
        ({"event_id": ""}, "empty_field"),
        ({"event_id": "x" * 201}, "too_long"),
        ({"ts": "2026-07-01T09:29:00"}, "invalid_ts"),
        ({"ts": "2026-02-30T09:29:00Z"}, "invalid_ts"),
        ({"email": "nobody"}, "invalid_email"),
        ({"user_id": 5}, "wrong_type"),
        ({"user_id": "undefined"}, "placeholder_id"),
        ({"user_id": "Ｎ／Ａ"}, "placeholder_id"),
        ({"user_id": "不明"}, "placeholder_id"),
        ({"user_id": "00000000-0000-0000-0000-000000000000"}, "placeholder_id"),
        ({"user_id": "xxxx"}, "placeholder_id"),
        ({"email": "\u212aen@buyers.example"}, "invalid_email"),
        ({"user_id": "11"}, "valid"),
        ({"user_id": ["u-1"]}, "wrong_type"),
        ({"anonymous_id": "undefined", "user_id": "", "email": None}, "placeholder_id"),
        ({"anonymous_id": "x1" * 101}, "too_long"),
        ({"event_id": "a\0"}, "unusable_text"),
        ({"email": "ann\0@buyers.example"}, "unusable_text"),
        ({"event_id": 2**63}, "unusable_number"),
        ({"user_id": None, "anonymous_id": None, "email": None}, "no_identity"),
        ({"user_id": " ", "anonymous_id": "", "email": ""}, "no_identity"),
        ({"context": {"user_agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}}, "known_bot"),
        ({"ts": "2026-06-28T09:29:59Z"}, "too_old"),
        ({"ts": "2026-06-28T09:30:00Z"}, "valid"),
        ({"ts": "2026-07-01T09:35:00Z"}, "valid"),
        ({"ts": "2026-07-01T09:35:01Z"}, "from_future"),
        ({"ts": "9999-12-31T23:59:59-23:59"}, "from_future"),
        ({"ts": "0001-01-01T00:00:00+23:59"}, "too_old"),
    ],
)
def test_the_reason(
    item: dict[str, Any], change: dict[str, Any], reason: str, now: datetime, settings: EventSettings
) -> None:
    assert judge(item | change, now, settings) == reason


def test_a_missing_field_is_named(item: dict[str, Any], now: datetime, settings: EventSettings) -> None:
    del item["ts"]
    verdict = validate_item(item, now=now, arrived_at=now, settings=settings, history=False)
    assert verdict == EventRefusal("missing_field", "ts is missing; every event carries it")


def test_no_refusal_repeats_a_value(item: dict[str, Any], now: datetime, settings: EventSettings) -> None:
    for field in ("email", "user_id", "event", "ts"):
        verdict = validate_item(
            item | {field: "\0ann@secret"}, now=now, arrived_at=now, settings=settings, history=False
        )
        assert isinstance(verdict, EventRefusal)
        assert "secret" not in verdict.detail


def test_history_may_be_old_but_not_older_than_computers(
    item: dict[str, Any], now: datetime, settings: EventSettings
) -> None:
    assert judge(item | {"ts": "2018-07-01T00:00:00Z"}, now, settings, history=True) == "valid"
    assert judge(item | {"ts": "1969-12-31T23:59:59Z"}, now, settings, history=True) == "too_old"
    assert judge(item | {"ts": "2027-07-01T00:00:00Z"}, now, settings, history=True) == "from_future"


def test_age_is_counted_up_to_the_arrival(
    item: dict[str, Any], now: datetime, settings: EventSettings
) -> None:
    later = now + timedelta(days=30)
    assert judge(item, later, settings) == "too_old"
    assert judge(item, later, settings, arrived_at=now) == "valid"


def test_the_requests_own_user_agent_counts(
    item: dict[str, Any], now: datetime, settings: EventSettings
) -> None:
    assert judge(item, now, settings, user_agent="curl/8.0") == "known_bot"
    chrome = "Mozilla/5.0 (X11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36"
    assert judge(item, now, settings, user_agent=chrome) == "valid"


@pytest.mark.parametrize("item", [None, 5, "x", [], [{}], True, 1.5])
def test_only_objects_are_events(item: object, now: datetime, settings: EventSettings) -> None:
    assert judge(item, now, settings) == "not_an_object"


def test_the_event_is_normalised(item: dict[str, Any], now: datetime, settings: EventSettings) -> None:
    verdict = validate_item(item, now=now, arrived_at=now, settings=settings, history=False)
    assert isinstance(verdict, ValidItem)
    assert verdict.event.email == "ann@buyers.example"
    assert verdict.item == item, "nothing else had to be changed"
    assert verdict.changes == []
