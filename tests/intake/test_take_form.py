"""What looks like spam is kept whole and reaches nobody; once released, it is a lead as of its arrival."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult
from leadops.events.event_settings import EventSettings
from leadops.intake.admit_forms import (
    repair_quarantined_form,
    retry_quarantined_forms,
)
from leadops.intake.form_quarantine import drop_quarantined_forms, list_quarantined_forms
from tests.intake.form_keeper import keep_body
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=3)
TRAPPED: dict[str, Any] = {
    "submission_id": "s-1",
    "email": "ann@buyers.example",
    "anonymous_id": "b-1",
    "properties": {"first_name": "Ann", "honeypot": "x"},
}


def count(connection: Connection, *tables: str) -> list[int]:
    rows = [connection.execute(f"select count(*) from {table}").fetchone() for table in tables]  # type: ignore[arg-type]
    return [row[0] for row in rows if row]


def admit(
    run: Any, connection: Connection, events: EventSettings = SHIPPED.events, **asked: Any
) -> RetryResult:
    result: RetryResult = run(connection, now=LATER, events=events, identity=SHIPPED.identity, **asked)
    return result


def test_it_is_kept_whole_and_nothing_else_knows_of_it(database_url: str, connection: Connection) -> None:
    kept = keep_body(database_url, TRAPPED, now=NOW)
    assert (kept.reason, kept.is_new) == ("spam_honeypot", True)
    (form,) = list_quarantined_forms(connection)
    assert json.loads(form.text) == TRAPPED
    tables = ("identity.leads", "cdp.events", "identity.inbox", "delivery.outbox", "intake.raw_leads")
    assert count(connection, *tables) == [0] * 5


@pytest.mark.parametrize("broken", [{"email": "ann@"}, {"email": None}, {"email": ["x"]}])
def test_spam_with_a_broken_address_is_spam(database_url: str, broken: dict[str, Any]) -> None:
    assert keep_body(database_url, TRAPPED | broken, now=NOW).reason == "spam_honeypot"


def test_a_top_level_honeypot_counts_too(database_url: str) -> None:
    assert (
        keep_body(database_url, {"email": "a@b.example", "_gotcha": "x"}, now=NOW).reason == "spam_honeypot"
    )


def test_x_timestamp_stands_for_a_missing_ts(database_url: str) -> None:
    shown = {"email": "a@b.example", "properties": {"shown_at": "2026-07-01T09:29:59.100Z"}}
    assert keep_body(database_url, shown, now=NOW).reason == "spam_too_fast"
    with_ts = shown | {"ts": "2026-07-01T09:30:01.200Z"}
    assert keep_body(database_url, with_ts, now=NOW).reason is None, "2.1 seconds by its own clock"


def test_released_it_is_a_lead_as_if_it_had_come_then(database_url: str, connection: Connection) -> None:
    kept = keep_body(database_url, TRAPPED, now=NOW)
    assert admit(retry_quarantined_forms, connection) == RetryResult(refused=1)
    assert admit(retry_quarantined_forms, connection, vouched=True, ids=[]) == RetryResult()
    assert admit(retry_quarantined_forms, connection, vouched=True, ids=[1]) == RetryResult(admitted=1)
    assert admit(retry_quarantined_forms, connection, vouched=True, ids=[1]) == RetryResult()
    row = connection.execute(
        "select created_at, ts, events.received_at, was_refused, is_history, anonymous_id, proof"
        " from identity.leads join cdp.events using (email)"
    ).fetchone()
    assert row == (NOW, NOW, LATER, True, False, "b-1", "form")
    sent = connection.execute("select target from delivery.outbox order by target").fetchall()
    assert sent == [("crm",), ("ma",)]
    again = keep_body(database_url, TRAPPED, now=LATER)
    assert (again.submission_id, again.is_new) == (kept.submission_id, False)
    assert count(connection, "identity.leads", "cdp.events", "delivery.outbox") == [1, 1, 2]
    assert len(list_quarantined_forms(connection)) == 1


def test_what_is_broken_cannot_be_released(database_url: str, connection: Connection) -> None:
    keep_body(database_url, {"email": "ann@"}, now=NOW)
    assert admit(retry_quarantined_forms, connection, vouched=True) == RetryResult(refused=1)
    keep_body(database_url, TRAPPED | {"email": "ann@"}, now=NOW)
    assert admit(retry_quarantined_forms, connection, vouched=True, reason="spam_honeypot") == RetryResult(
        refused=1
    )
    changes = [("email", "ann@buyers.example")]
    options: dict[str, Any] = {"events": SHIPPED.events, "identity": SHIPPED.identity, "now": LATER}
    assert repair_quarantined_form(connection, 2, changes=changes, **options), "a person looked at it"
    with pytest.raises(PermanentError, match="no form 2 waits"):
        repair_quarantined_form(connection, 2, changes=changes, **options)


def test_changed_settings_make_it_a_lead_by_a_retry(database_url: str, connection: Connection) -> None:
    keep_body(database_url, TRAPPED, now=NOW)
    other = SHIPPED.events.link(change(SHIPPED.forms, honeypots=["fax2"]))
    assert admit(retry_quarantined_forms, connection, events=other) == RetryResult(admitted=1)


def test_a_retry_judges_repeats_as_on_the_day_they_came(database_url: str, connection: Connection) -> None:
    text = "See www.spam.example"
    for name in "abcd":
        keep_body(database_url, {"email": f"{name}@b.example", "message": text}, now=NOW)
    assert [form.reason for form in list_quarantined_forms(connection)] == ["spam_same_text"] * 2
    assert admit(retry_quarantined_forms, connection) == RetryResult(refused=2)
    four = SHIPPED.events.link(change(SHIPPED.forms, same_text={"addresses": 4}))
    assert admit(retry_quarantined_forms, connection, events=four) == RetryResult(admitted=1, refused=1)


def test_no_ids_are_none_not_all(database_url: str, connection: Connection) -> None:
    keep_body(database_url, TRAPPED, now=NOW)
    assert drop_quarantined_forms(connection, now=LATER, ids=[]) == 0
    assert list_quarantined_forms(connection, ids=[]) == []
    assert admit(retry_quarantined_forms, connection, ids=[]) == RetryResult()
    assert drop_quarantined_forms(connection, now=LATER, ids=[1]) == 1
