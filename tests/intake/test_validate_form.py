from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.events.event_refusal import EventRefusal
from leadops.intake.validate_form import ValidForm, validate_form
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
SENT = NOW - timedelta(minutes=2)


def validate(content: object) -> ValidForm | EventRefusal:
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
    ("content", "reason"),
    [
        ({}, "missing_field"),
        ({"email": "nobody"}, "invalid_email"),
        ({"email": "a@b.example", "role": "admin"}, "unknown_field"),
        ({"email": "a@b.example", "user_id": "undefined"}, "placeholder_id"),
        ({"email": "a@b.example", "ts": "2026-06-28T09:29:59+00:00"}, "too_old"),
        ({"email": "a@b.example", "ts": "2026-07-01T09:35:01+00:00"}, "from_future"),
        ({"email": "a@b.example", "properties": {"x": "\0"}}, "unusable_text"),
        ({"email": "a@b.example", "submission_id": "\0"}, "unusable_text"),
    ],
)
def test_what_no_event_may_be_no_form_may_be(content: dict[str, Any], reason: str) -> None:
    refusal = validate(content)
    assert isinstance(refusal, EventRefusal)
    assert refusal.reason == reason


@pytest.mark.parametrize("ts", ["2026-06-28T09:30:00+00:00", "2026-07-01T09:35:00+00:00"])
def test_the_limits_of_age_are_inclusive(ts: str) -> None:
    assert isinstance(validate({"email": "a@b.example", "ts": ts}), ValidForm)
