from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.events.event_refusal import EventRefusal
from leadops.intake.validate_form import ValidForm, validate_form
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SENT = NOW - timedelta(minutes=2)


def validate(content: dict[str, Any]) -> ValidForm | EventRefusal:
    return validate_form(content, submission_id="abc", sent_at=SENT, now=NOW, settings=SHIPPED.events)


def test_a_form_becomes_its_event() -> None:
    form = validate(
        {
            "submission_id": "s-1",
            "email": " Ann@Buyers.Example",
            "form": "contact",
            "properties": {"first_name": "Ann"},
            "context": {"page": "/contact"},
        }
    )
    assert isinstance(form, ValidForm)
    assert form.submission.submission_id == "s-1"
    assert form.row == {
        "position": 0,
        "event_id": "form-abc",
        "event": "submit_form",
        "ts": SENT.isoformat(),
        "anonymous_id": None,
        "user_id": None,
        "email": "ann@buyers.example",
        "payload": {"properties": {"form": "contact", "first_name": "Ann"}, "context": {"page": "/contact"}},
        "is_history": False,
    }


def test_its_own_time_counts_before_that_of_the_signature() -> None:
    form = validate({"email": "a@b.example", "ts": "2026-07-01T08:00:00+00:00"})
    assert isinstance(form, ValidForm)
    assert form.row["ts"] == "2026-07-01T08:00:00+00:00"


def test_a_property_named_form_is_the_senders() -> None:
    form = validate({"email": "a@b.example", "form": "contact", "properties": {"form": "own"}})
    assert isinstance(form, ValidForm)
    assert form.row["payload"]["properties"] == {"form": "own"}


@pytest.mark.parametrize(
    ("content", "reason", "detail"),
    [
        ({}, "missing_field", "email is missing"),
        ({"email": None}, "missing_field", "email is missing"),
        ({"email": "  "}, "missing_field", "email is missing"),
        ({"email": 5}, "wrong_type", "email must be a text"),
        ({"email": {"address": "a@b.example"}}, "wrong_type", "email must be a text"),
        ({"email": "nobody"}, "invalid_email", "email must be an address"),
        ({"email": ["nobody", "a@b.example"]}, "invalid_email", "email must be an address"),
        ({"email": "a@b.example", "context": {"user_agent": "Googlebot/2.1"}}, "known_bot", "user agent"),
    ],
)
def test_only_without_an_address_or_from_a_bot_it_is_not_a_lead(
    content: dict[str, Any], reason: str, detail: str
) -> None:
    refusal = validate(content)
    assert isinstance(refusal, EventRefusal)
    assert refusal.reason == reason
    assert detail in refusal.detail


@pytest.mark.parametrize(
    ("ts", "counts"),
    [
        ("2026-06-28T09:28:00+00:00", True),  # 72 hours before it was signed
        ("2026-06-28T09:27:59+00:00", False),
        ("2026-07-01T09:33:00+00:00", True),  # five minutes after
        ("2026-07-01T09:33:01+00:00", False),
        ("2026-07-01T09:28:00", False),
        ("2026-07-01", False),
        (1782898080, False),
    ],
)
def test_a_time_is_compared_with_that_of_the_signature(ts: Any, counts: bool) -> None:
    form = validate({"email": "a@b.example", "ts": ts})
    assert isinstance(form, ValidForm)
    assert form.row["ts"] == (ts if counts else SENT.isoformat())
    assert [(change.path, change.what) for change in form.changes] == (
        [] if counts else [("ts", "x_timestamp")]
    )


def test_an_old_form_is_not_history() -> None:
    form = validate({"email": "a@b.example", "ts": "2026-06-28T09:28:00+00:00"})
    assert isinstance(form, ValidForm)
    assert form.row["is_history"] is False


def test_what_was_changed_is_said() -> None:
    form = validate({"email": "a@b.example", "role": "CTO", "form": 5, "user_id": "null"})
    assert isinstance(form, ValidForm)
    assert form.row["payload"]["properties"] == {"form": "5", "role": "CTO"}
    assert [(change.path, change.what) for change in form.changes] == [
        ("form", "to_text"),
        ("user_id", "placeholder"),
        ("role", "moved_to_properties"),
    ]
