from typing import Any

import pytest

from leadops.events.event_settings import EventSettings
from leadops.events.normalize_event import normalize_event

CORE = {"event_id": "e-1", "event": "page_view", "ts": "2026-07-01T09:29:00Z", "user_id": "u-1"}


def normalize(settings: EventSettings, **fields: Any) -> tuple[Any, list[str]]:
    normal = normalize_event(CORE | fields, settings)
    return normal.item, [f"{change.path} {change.what}" for change in normal.changes]


def test_a_clean_event_stays_as_it_is(item: dict[str, Any], settings: EventSettings) -> None:
    normal = normalize_event(item, settings)
    assert (normal.item, normal.changes) == (item, [])


@pytest.mark.parametrize(
    ("fields", "expected", "changed"),
    [
        ({"anonymous_id": None}, {}, []),
        ({"anonymous_id": ""}, {}, ["anonymous_id empty"]),
        ({"anonymous_id": "null"}, {}, ["anonymous_id placeholder"]),
        ({"anonymous_id": "a-1"}, {"anonymous_id": "a-1"}, []),
        ({"email": "", "user_id": None}, {"user_id": None}, ["email empty"]),
        ({"email": "ann＠buyer.example"}, {"email": "ann＠buyer.example"}, ["email to_ascii"]),
        ({"context": None}, {}, ["context empty"]),
        ({"context": {"utm": {"campaign": None}}}, {}, ["context.utm.campaign empty"]),
        ({"context": {"utm": {"term": [1]}}}, {"context": {"utm": {"term": "1"}}}, None),
        ({"context": {"consent": "yes", "locale": None}}, {"context": {"locale": None}}, None),
        ({"properties": None}, {}, ["properties empty"]),
        ({"properties": [{"a": 1}]}, {"properties": {"a": 1}}, ["properties from_list"]),
        ({"properties": {"gift": None, "n": 2**63}}, {"properties": {"gift": None, "n": str(2**63)}}, None),
        ({"traits": {"title": "CTO"}}, {"properties": {"title": "CTO"}}, ["traits moved_to_properties"]),
        ({"traits": "CTO"}, {"properties": {"traits": "CTO"}}, ["traits moved_to_properties"]),
        ({"userId": "u"}, {"properties": {"userId": "u"}}, ["userId moved_to_properties"]),
        ({"utm": {"source": "ad"}}, {"context": {"utm": {"source": "ad"}}}, ["utm moved_to_context"]),
    ],
)
def test_side_fields_are_normalised(
    settings: EventSettings, fields: dict[str, Any], expected: dict[str, Any], changed: list[str] | None
) -> None:
    item, changes = normalize(settings, **fields)
    core = {name: value for name, value in (CORE | expected).items() if value is not None}
    assert item == core
    assert changed is None or changes == changed


@pytest.mark.parametrize(
    "core",
    [
        {"event_id": 5},
        {"event_id": "a\0"},
        {"event": "Page View"},
        {"ts": "yesterday"},
        {"ts": ""},
        {"user_id": 7},
        {"user_id": "undefined"},
        {"email": ["ann@buyer.example"]},
        {"anonymous_id": 7},
    ],
)
def test_the_core_stays_as_it_was_sent(settings: EventSettings, core: dict[str, Any]) -> None:
    item, changes = normalize(settings, **core)
    assert item == CORE | core
    assert changes == []


def test_a_placeholder_stays_if_it_is_all_there_is(settings: EventSettings) -> None:
    item, changes = normalize(settings, user_id=None, anonymous_id="undefined")
    assert item["anonymous_id"] == "undefined"
    assert changes == []


@pytest.mark.parametrize("item", [None, 5, "x", [], [{}]])
def test_what_is_not_an_object_is_not_touched(item: Any, settings: EventSettings) -> None:
    assert normalize_event(item, settings).item is item
