import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from leadops.events.event_contract import Event, event_schema

PUBLISHED = Path(__file__).parents[2] / "docs" / "event.schema.json"

GOOD: list[dict[str, Any]] = [
    {},
    {"email": None, "user_id": None},
    {"anonymous_id": None, "user_id": "u"},
    {"ts": "2026-07-01T09:30:00+09:00"},
    {"ts": "2026-07-01 09:30:00.123456789z"},
    {"context": {"consent": {"ads": False, "analytics": True}, "locale": "ja"}},
    {"properties": {"cart": [{"sku": "a", "n": 1}], "total": 1.5, "gift": None}},
    {"event_id": "x" * 200},
]
BAD: list[dict[str, Any]] = [
    {"event_id": ""},
    {"event_id": 7},
    {"event_id": "x" * 201},
    {"event": "Page View"},
    {"ts": "2026-07-01T09:30:00"},
    {"ts": 1782898200},
    {"ts": "1782898200"},
    {"ts": "2026-07-01"},
    {"email": "ann@localhost"},
    {"email": "ann at buyers.example"},
    {"user_id": 12},
    {"properties": []},
    {"properties": None},
    {"context": {"utm": {"campaign": 5}}},
    {"context": {"consent": "yes"}},
    {"context": {"consent": 1}},
    {"timestamp": "2026-07-01T09:30:00Z"},
]


def test_the_published_schema_is_the_models() -> None:
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == event_schema()


@pytest.mark.parametrize("change", GOOD)
def test_schema_and_model_both_take(item: dict[str, Any], change: dict[str, Any]) -> None:
    jsonschema.validate(item | change, event_schema())
    Event.model_validate(item | change)


@pytest.mark.parametrize("change", BAD)
def test_schema_and_model_both_refuse(item: dict[str, Any], change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(item | change, event_schema())
    with pytest.raises(ValidationError):
        Event.model_validate(item | change)


def test_the_schema_asks_for_somebody(item: dict[str, Any]) -> None:
    nobody = item | {"anonymous_id": None, "user_id": None, "email": None}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(nobody, event_schema())


def test_email_is_kept_trimmed_and_in_lower_case(item: dict[str, Any]) -> None:
    assert Event.model_validate(item).email == "ann@buyers.example"
