import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from leadops.db import Connection
from leadops.errors import PermanentError
from leadops.events.admit_quarantined import RetryResult
from leadops.intake.admit_forms import repair_quarantined_form, retry_quarantined_forms
from leadops.intake.form_quarantine import list_quarantined_forms
from tests.intake.form_keeper import keep_body
from tests.shipped import SHIPPED, change

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
BOT = {
    "submission_id": "s-1",
    "email": "ann@buyers.example",
    "context": {"user_agent": "python-requests/2.31"},
}


def retry(connection: Connection, **options: Any) -> RetryResult:
    settings = {"now": LATER, "events": SHIPPED.events, "identity": SHIPPED.identity}
    return retry_quarantined_forms(connection, **(settings | options))


def repair(connection: Connection, quarantine_id: int, *changes: tuple[str, Any], **options: Any) -> bool:
    return repair_quarantined_form(
        connection,
        quarantine_id,
        changes=changes,
        now=LATER,
        events=SHIPPED.events,
        identity=SHIPPED.identity,
        **options,
    )


def leads(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select submission_id, raw_leads.received_at, ts, events.received_at, was_refused, is_history, email"
        " from intake.raw_leads join cdp.events on event_id = 'form-' || submission_id"
        " join identity.inbox on event_seq = seq join identity.leads using (email)"
    ).fetchall()


def test_a_changed_setting_makes_it_a_lead_once(database_url: str, connection: Connection) -> None:
    kept = keep_body(database_url, BOT, now=NOW)
    assert kept.reason == "known_bot"
    assert retry(connection) == RetryResult(refused=1)
    kind = change(SHIPPED.events, bots={"never": ["^python-requests/"]})
    assert retry(connection, events=kind) == RetryResult(admitted=1)
    assert retry(connection, events=kind) == RetryResult()
    # It happened when it was signed; it came in when it was admitted.
    assert leads(connection) == [(kept.submission_id, LATER, NOW, LATER, True, False, "ann@buyers.example")]
    (form,) = list_quarantined_forms(connection)
    assert (form.state, form.admitted_body) == ("admitted", None)
    assert keep_body(database_url, BOT, now=LATER) == type(kept)(kept.submission_id, "known_bot", False)


def test_only_what_is_asked_for_is_tried(database_url: str, connection: Connection) -> None:
    for number in range(3):
        keep_body(database_url, BOT | {"submission_id": f"s-{number}"}, now=NOW)
    keep_body(database_url, b"{", now=NOW)
    kind = change(SHIPPED.events, bots={"never": ["^python-requests/"]})
    first = list_quarantined_forms(connection, reason="known_bot")[-1].quarantine_id
    assert retry(connection, events=kind, ids=[first]) == RetryResult(admitted=1)
    assert retry(connection, events=kind, reason="known_bot") == RetryResult(admitted=2)
    assert retry(connection, events=kind) == RetryResult(refused=1)


def test_another_reason_is_noted(database_url: str, connection: Connection) -> None:
    keep_body(database_url, BOT, now=NOW)
    connection.execute("update intake.quarantined_forms set body = '{}'")
    assert retry(connection) == RetryResult(refused=1)
    assert list_quarantined_forms(connection)[0].reason == "missing_field"


def test_a_repair_makes_it_a_lead_and_keeps_both_bodies(database_url: str, connection: Connection) -> None:
    sent = {"email": "ann@", "form": "contact", "properties": {"company": "Buyers"}}
    kept = keep_body(database_url, sent, now=NOW)
    (number,) = (form.quarantine_id for form in list_quarantined_forms(connection))
    with pytest.raises(PermanentError, match="still refused"):
        repair(connection, number, ("email", "ann"))
    with pytest.raises(PermanentError, match="the item has no such field"):
        repair(connection, number, removals=["properties.title"])
    assert repair(connection, number, ("email", "ann@buyers.example"), removals=["form"])
    assert leads(connection)[0][0] == kept.submission_id
    (form,) = list_quarantined_forms(connection)
    assert (form.state, json.loads(form.text)) == ("admitted", sent)
    repaired = {"email": "ann@buyers.example", "properties": {"company": "Buyers"}}
    assert json.loads(form.admitted_body or "") == repaired
    assert connection.execute("select body from intake.raw_leads").fetchone() == (form.body,)
    with pytest.raises(PermanentError, match=f"no form {number} waits"):
        repair(connection, number, ("email", "ann@buyers.example"))


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"[" * 50_000, b"[1, 2]", b"email=ann@buyers.example"])
def test_a_body_that_is_not_an_object_is_repaired_from_an_empty_one(
    database_url: str, connection: Connection, body: bytes
) -> None:
    keep_body(database_url, body, now=NOW)
    (number,) = (form.quarantine_id for form in list_quarantined_forms(connection))
    assert repair(connection, number, ("email", "ann@buyers.example"), ("properties.company", "Buyers"))
    assert [row[-1] for row in leads(connection)] == ["ann@buyers.example"]


def test_a_form_that_its_sender_corrected_is_a_lead_already(
    database_url: str, connection: Connection
) -> None:
    keep_body(database_url, BOT, now=NOW)
    keep_body(database_url, BOT | {"context": {}}, now=NOW)
    (number,) = (form.quarantine_id for form in list_quarantined_forms(connection))
    assert not repair(connection, number, removals=["context"])
    assert len(leads(connection)) == 1


def test_two_retries_at_once_admit_once(database_url: str) -> None:
    for number in range(30):
        person = {"submission_id": f"s-{number}", "email": f"ann{number}@buyers.example"}
        keep_body(database_url, BOT | person, now=NOW)
    kind = change(SHIPPED.events, bots={"never": ["^python-requests/"]})
    results: list[RetryResult] = []

    def retry_all() -> None:
        with psycopg.connect(database_url) as connection:
            results.append(retry(connection, events=kind))

    threads = [threading.Thread(target=retry_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.admitted for result in results) == 30
    with psycopg.connect(database_url) as connection:
        assert len(leads(connection)) == 30
