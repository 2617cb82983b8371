"""What a form asks for: the MA always, the CRM once for each story, until won or lost."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from leadops.db import Connection
from leadops.intake.form_hashes import hash_person
from leadops.intake.keep_form import keep_form
from leadops.intake.validate_form import ValidForm, validate_form
from tests.shipped import SHIPPED

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
KEY = b"k" * 16
DOMAIN = "buyers.example"
#: printf 'x%.0s' $(seq 2700) | sha256sum | cut -c 1-12
X_HASH = "579122546d42"


def keep(
    url: str, submission_id: str, *, now: datetime = NOW, sender_id: str | None = None, **content: Any
) -> bool:
    sent = {"email": "ann@buyers.example", "submission_id": sender_id} | content
    form = validate_form(
        {name: value for name, value in sent.items() if value is not None},
        submission_id=submission_id,
        sent_at=now,
        now=now,
        settings=SHIPPED.events,
    )
    assert isinstance(form, ValidForm)

    async def run() -> bool:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            return await keep_form(
                connection,
                form,
                submission_id=submission_id,
                body=b"{}",
                secret=1,
                hash_key=KEY,
                identity=SHIPPED.identity,
                now=now,
            )

    return asyncio.run(run())


def requests(connection: Connection) -> list[tuple[str, dict[str, Any]]]:
    connection.rollback()
    return connection.execute(
        "select idempotency_key, payload - 'idempotency_key' from delivery.outbox"
        " order by target desc, outbox_id"
    ).fetchall()


def test_a_form_is_kept_once(database_url: str, connection: Connection) -> None:
    assert keep(database_url, "s-1")
    assert not keep(database_url, "s-1")
    assert len(requests(connection)) == 2


@pytest.mark.parametrize(
    ("content", "company", "source"),
    [
        ({}, "buyers.example", "leadops"),
        ({"form": "contact"}, "buyers.example", "contact"),
        ({"form": "contact", "context": {"utm": {"campaign": "summer"}}}, "buyers.example", "summer"),
        ({"form": "contact", "context": {"utm": {"campaign": "{{campaign.name}}"}}}, DOMAIN, "contact"),
        ({"context": {"utm": {"campaign": "x" * 2700}}}, DOMAIN, f"{'x' * 87}~{X_HASH}"),
        ({"properties": {"company": "株" * 9000}}, "株" * 255, "leadops"),
        ({"properties": {"company": "Buyers Inc"}}, "Buyers Inc", "leadops"),
        ({"properties": {"company": "  "}}, "buyers.example", "leadops"),
        ({"properties": {"company": 5}}, "buyers.example", "leadops"),
    ],
)
def test_what_the_crm_hears(
    database_url: str, connection: Connection, content: dict[str, Any], company: str, source: str
) -> None:
    keep(database_url, "s-1", **content)
    _, (key, payload) = requests(connection)
    assert key == "crm-lead-1-1"
    assert payload == {"email": "ann@buyers.example", "company": company, "source": source}


def test_a_new_story_after_lost_is_a_new_lead_in_the_crm(database_url: str, connection: Connection) -> None:
    keep(database_url, "s-1")
    keep(database_url, "s-2")
    for stage, minutes in (("mql", 1), ("lost", 2)):
        connection.execute(
            "insert into lifecycle.transitions"
            " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
            " values (1, 1, %s, %s, %s, '{}', 'v')",
            [stage, NOW + timedelta(minutes=minutes), NOW + timedelta(minutes=minutes)],
        )
    connection.commit()
    keep(database_url, "s-3", now=NOW + timedelta(minutes=3))
    assert [key for key, _ in requests(connection)] == ["ma-lead-1", "crm-lead-1-1", "crm-lead-1-2"]


def test_what_the_ma_hears(database_url: str, connection: Connection) -> None:
    utm = {"campaign": "summer", "source": "mail"}
    keep(database_url, "s-1", context={"utm": utm}, properties={"first_name": "Ann", "last_name": "Lee"})
    (key, payload), _ = requests(connection)
    assert key == "ma-lead-1"
    assert payload == {
        "email": "ann@buyers.example",
        "firstName": "Ann",
        "lastName": "Lee",
        "utm": utm,
        "externalId": "1",
    }


def test_what_is_kept_of_a_form(database_url: str, connection: Connection) -> None:
    keep(database_url, "s-1", sender_id="theirs", anonymous_id="a-1", user_id="u-1")
    sender = connection.execute("select sender_id, secret, body from intake.raw_leads").fetchall()
    assert sender == [("theirs", 1, b"{}")]
    event = connection.execute(
        "select anonymous_id, user_id, payload -> 'properties' from cdp.events"
    ).fetchall()
    assert event == [("a-1", "u-1", {})]
    key = connection.execute(
        "select payload ->> 'idempotency_key' from delivery.outbox where target = 'crm'"
    ).fetchone()
    assert key == (f"{hash_person(KEY, 'ann@buyers.example')}-1-1",)


def test_the_story_is_the_leads_own_and_its_latest(database_url: str, connection: Connection) -> None:
    keep(database_url, "s-1")
    for minute, cycle in ((1, 1), (2, 2)):
        for stage in ("mql", "lost"):
            connection.execute(
                "insert into lifecycle.transitions"
                " (lead_id, cycle, stage, occurred_at, recorded_at, evidence, kpi_version)"
                " values (1, %s, %s, %s, %s, '{}', 'v')",
                [cycle, stage, NOW + timedelta(minutes=minute), NOW + timedelta(minutes=minute)],
            )
    connection.commit()
    keep(database_url, "s-2", now=NOW + timedelta(minutes=3))
    keep(database_url, "s-3", now=NOW + timedelta(minutes=4), email="bob@buyers.example")
    crm_keys = [key for key, _ in requests(connection) if key.startswith("crm")]
    assert crm_keys == ["crm-lead-1-1", "crm-lead-1-3", "crm-lead-2-1"]


@pytest.mark.parametrize(
    ("proof", "kept", "is_lead"), [("write_key", "write_key", False), ("verified", "form", True)]
)
def test_a_form_takes_the_id_of_an_event_with_less_proof(
    database_url: str, connection: Connection, proof: str, kept: str, is_lead: bool
) -> None:
    connection.execute(
        "insert into cdp.events (event_id, event, ts, received_at, anonymous_id, payload, proof)"
        " values ('form-s-1', 'submit_form', %s, %s, 'a-1', '{}', %s)",
        [NOW, NOW, proof],
    )
    connection.commit()
    assert keep(database_url, "s-1") is is_lead
    assert connection.execute("select event_id, proof from cdp.events").fetchall() == [("form-s-1", kept)]
    assert connection.execute("select count(*) from intake.raw_leads").fetchone() == (1,)


def test_nothing_is_kept_if_one_part_fails(database_url: str, connection: Connection) -> None:
    connection.execute("alter table delivery.outbox add constraint no_crm check (target <> 'crm')")
    connection.commit()
    with pytest.raises(psycopg.errors.CheckViolation):
        keep(database_url, "s-1")
    connection.rollback()
    for table in ("intake.raw_leads", "cdp.events", "identity.inbox", "identity.leads", "delivery.outbox"):
        assert connection.execute(f"select count(*) from {table}".encode()).fetchone() == (0,)
