from datetime import UTC, datetime, timedelta

import pytest

from leadops.db import Connection
from leadops.erased.erased_filter import ErasedFilter, ErasureKeyError
from leadops.erased.erasures import record_erasure
from leadops.intake.form_quarantine import count_quarantined_forms, list_quarantined_forms
from tests.intake.form_keeper import keep_body

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def test_the_same_body_is_kept_once_and_counted(database_url: str, connection: Connection) -> None:
    first = keep_body(database_url, b"{", now=NOW)
    assert keep_body(database_url, b"{", now=NOW + timedelta(minutes=1)) == first
    keep_body(database_url, b"[", now=NOW + timedelta(hours=1))
    (form, other) = sorted(list_quarantined_forms(connection), key=lambda form: -form.times)
    assert (form.submission_id, form.reason, form.body, form.times) == (
        first.submission_id,
        "not_json",
        b"{",
        2,
    )
    assert (form.received_at, form.signed_at, form.secret, form.state) == (NOW, NOW, 1, "waiting")
    assert other.times == 1
    (count,) = count_quarantined_forms(connection)
    assert (count.reason, count.state, count.items, int(count.times)) == ("not_json", "waiting", 2, 3)
    assert (count.first_at, count.last_at) == (NOW, NOW + timedelta(hours=1))


def test_they_are_listed_as_asked(database_url: str, connection: Connection) -> None:
    keep_body(database_url, b"{", now=NOW)
    keep_body(database_url, {"email": "nobody"}, now=NOW + timedelta(hours=1))
    keep_body(database_url, b"\xff\xfa", now=NOW + timedelta(hours=2))
    newest = list_quarantined_forms(connection, limit=2)
    assert [form.reason for form in newest] == ["not_utf8", "invalid_email"]
    assert newest[0].text == "\\xff\\xfa"
    assert newest[1].text == '{"email": "nobody"}'
    assert [form.reason for form in list_quarantined_forms(connection, reason="not_json")] == ["not_json"]
    assert len(list_quarantined_forms(connection, since=NOW + timedelta(minutes=1))) == 2
    assert list_quarantined_forms(connection, state="admitted") == []
    assert len(list_quarantined_forms(connection, state="waiting")) == 3
    assert list_quarantined_forms(connection, ids=[newest[1].quarantine_id]) == [newest[1]]


def test_a_lead_is_not_quarantined_under_its_id(database_url: str, connection: Connection) -> None:
    lead = keep_body(database_url, {"submission_id": "s-1", "email": "ann@buyers.example"}, now=NOW)
    again = keep_body(database_url, {"submission_id": "s-1", "email": "nobody"}, now=NOW)
    assert (again.submission_id, again.is_new) == (lead.submission_id, False)
    assert list_quarantined_forms(connection) == []


def test_nothing_is_kept_before_it_is_known_whose_it_is(database_url: str, connection: Connection) -> None:
    erased = ErasedFilter((b"a key of 16 bytes",))
    record_erasure(
        connection,
        lead_ids=[1],
        hashes=[erased.hash_for_record("email", "ann@buyers.example")],
        erased_by="op",
        erased_at=NOW + timedelta(hours=1),
        day_ends_at=NOW + timedelta(hours=15),
        key_check=erased.key_checks[0],
    )
    connection.commit()
    with pytest.raises(ErasureKeyError, match="is not set"):
        keep_body(database_url, b"{", now=NOW)
    assert list_quarantined_forms(connection) == []
    connection.rollback()
    for name in ("ann", "bob"):
        keep_body(database_url, f"<{name}@buyers.example".encode(), now=NOW, erased=erased)
    assert [form.text for form in list_quarantined_forms(connection)] == ["<bob@buyers.example"]
