from datetime import UTC, datetime
from typing import Any

import pytest

from leadops.crm.activity import parse_activity

CALL = {"id": 7, "lead_id": "L-1", "kind": "Call", "rep_id": 3, "occurred_at": "2026-06-01T10:00:00+09:00"}


def test_unknown_fields_are_kept_in_details() -> None:
    activity = parse_activity(CALL | {"minutes": 4, "details": {"need": True}})
    assert activity.details == {"minutes": 4, "need": True}
    assert (activity.activity_id, activity.kind, activity.rep_id) == ("7", "call", "3")
    assert activity.occurred_at == datetime(2026, 6, 1, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("text", "object"),
        ({**CALL, "id": None}, "id is missing"),
        ({k: v for k, v in CALL.items() if k != "lead_id"}, "lead_id is missing"),
        ({**CALL, "occurred_at": "yesterday"}, "ISO 8601"),
        ({**CALL, "occurred_at": 1_780_000_000}, "ISO 8601"),
        ({**CALL, "occurred_at": "2026-06-01T10:00:00"}, "offset"),
    ],
)
def test_what_cannot_be_mirrored_says_why(item: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        parse_activity(item)
