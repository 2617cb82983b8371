"""Another account of the CRM: what the former one said has ids that the new one never gives."""

import hashlib
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leadops.cli.app import app
from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.delivery.account_guard import OtherAccountError, holding_own_account
from leadops.delivery.external_ids import save_external_id
from leadops.delivery.outbox import enqueue_effect
from leadops.identity.import_leads import find_owners
from leadops.lifecycle.crm_links import find_linked_leads, link_leads
from leadops.migrations.rights import Part
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from tests.roles import as_role
from tests.scripted_server import serve_script

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
LONG = "x" * 200


def page(*activities: str) -> bytes:
    items = ",".join(
        f'{{"id": "{number}", "lead_id": "11", "kind": "call", "occurred_at": "2026-06-01T09:00:00Z"}}'
        for number in activities
    )
    return f'{{"items": [{items}], "cursor": null, "as_of": "2026-06-01T10:00:00Z"}}'.encode()


def poll(connection: Connection, activities: bytes) -> None:
    with serve_script() as script:
        script.respond = lambda _, path, __: (
            (200, activities)
            if "activities" in path
            else (200, b'{"items": []}' if "reps" in path else b"[]")
        )
        client = CrmClient(Endpoint(base_url=script.url, timeout=30))
        poll_crm(connection, client, now=NOW)
        client.close()


def poll_in_account(connection: Connection, activities: bytes, number: int) -> None:
    """Poll as the task does, in an account with a host of its own."""
    with serve_script() as script:
        script.respond = lambda _, path, __: (
            (200, activities)
            if "activities" in path
            else (200, b'{"items": []}' if "reps" in path else b"[]")
        )
        now = NOW + timedelta(minutes=number)
        with (
            closing(CrmClient(Endpoint(base_url=script.url, timeout=30))) as client,
            holding_own_account(connection, client.client, target="crm", now=now),
        ):
            poll_crm(connection, client, now=now)


def test_an_account_of_which_the_feed_was_read_is_not_replaced_without_a_word(connection: Connection) -> None:
    """A test account before the first lead: the feed of the real one begins at its own beginning."""
    poll_in_account(connection, page(), 0)
    poll_in_account(connection, page("151"), 1)
    with pytest.raises(OtherAccountError, match="leadops products begin crm"):
        poll_in_account(connection, page("7"), 2)
    assert connection.execute("select activity_id from crm.activities").fetchall() == [("151",)]


@pytest.fixture
def other_account(connection: Connection) -> None:
    connection.execute(
        "insert into delivery.accounts (target, product, place, since, connection, checked_at, other_product,"
        " other_place, other_at) values ('crm', 'generic', 'old.example', %(now)s, '', %(now)s, 'generic',"
        " 'new.example', %(now)s)",
        {"now": NOW},
    )


def test_a_crm_begins_anew_and_what_the_former_one_said_stays_apart(
    connection: Connection,
    database_url: str,
    other_account: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq) values ('a@b.example', now(), 1)"
    )
    for lead in (1, 2):
        save_external_id(connection, target="crm", lead_id=lead, external_id=str(10 + lead), now=NOW)
    for lead, operation in ((1, "set_owner"), (3, "create_lead"), (3, "set_owner"), (2, "erase_lead")):
        enqueue_effect(
            connection,
            target="crm",
            operation=operation,
            payload={"owner_id": "r1"},
            idempotency_key=f"{operation} {lead}",
            lead_id=lead,
            now=NOW,
        )
    connection.execute("update delivery.outbox set state = 'sending' where operation = 'create_lead'")
    link_leads(connection, [(1, "11"), (2, LONG)], now=NOW)
    connection.execute(
        "insert into identity.aliases (kind, value, lead_id, linked_at) values ('crm_id', '11', 1, now())"
    )
    connection.execute(
        "insert into crm.merged_leads (gone_id, into_id, merged_at) values ('9', %s, now())", [LONG]
    )
    connection.commit()
    poll(connection, page("151", LONG))
    connection.commit()

    monkeypatch.setenv("LEADOPS_DATABASE_URL", as_role(database_url, Part.TASKS))
    monkeypatch.setenv("COLUMNS", "200")
    result = CliRunner().invoke(app, ["products", "begin", "crm", "--yes"])
    assert result.exit_code == 0, result.output
    said = " ".join(result.output.split())
    assert "crm is generic at new.example from now on: 2 ids forgotten" in said
    assert "requests for the former account, dropped: 1" in said
    assert "activities of the former account, set aside: 2" in said
    assert "erasures to make in the former account by hand (`leadops dead-letters list`): 1" in said

    states = connection.execute(
        "select operation, lead_id, state, body from delivery.outbox order by outbox_id"
    ).fetchall()
    assert states == [
        ("set_owner", 1, "dropped", None),
        ("create_lead", 3, "pending", None),
        ("set_owner", 3, "pending", None),
        ("erase_lead", 2, "dead", None),
    ]
    connection.commit()
    poll(connection, page("151"))
    ids = connection.execute(
        "select activity_id, crm_lead_id from crm.activities order by recorded_at, activity_id"
    ).fetchall()
    assert ("151", "11") in ids
    former = [row for row in ids if row[0].startswith("former-")]
    assert len(former) == 2
    assert {activity.partition(":")[2] for activity, _ in former} == {
        "151",
        hashlib.md5(LONG.encode()).hexdigest(),
    }
    assert all(lead.endswith(":11") for _, lead in former)
    links = connection.execute("select crm_lead_id, lead_id from lifecycle.links order by lead_id").fetchall()
    assert [lead for _, lead in links] == [1, 2]
    assert links[0][0] in {lead for _, lead in former}, "what sales did there still counts"
    assert links[1][0].partition(":")[2] == hashlib.md5(LONG.encode()).hexdigest()
    assert find_linked_leads(connection, ["11"]) == {}, "it is somebody else there"
    assert find_owners(connection, [("crm_id", "11")]) == {}
    link_leads(connection, [(3, "11")], now=NOW)
    assert find_linked_leads(connection, ["11"]) == {"11": 3}
    inbox = connection.execute("select distinct activity_id from lifecycle.inbox").fetchall()
    assert {row[0] for row in inbox} == {row[0] for row in ids}
