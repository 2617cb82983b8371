"""Leads that the CRM got while the database was ahead, against a real CRM."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leadops.db import Connection
from leadops.delivery.adopt_crm_leads import (
    AdoptedLeads,
    CrmDifference,
    adopt_crm_leads,
    find_crm_difference,
)
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.outbox import enqueue_effect
from leadops.delivery.push import push_target
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.scripted_server import serve_script
from tests.shipped import SHIPPED
from tests.whole_database import dump_database

NOW = datetime(2026, 7, 30, 9, 0, tzinfo=UTC)


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    with serve_in_thread(tmp_path) as url:
        yield Endpoint(base_url=url, token=Tokens().crm, timeout=60)


@pytest.fixture
def crm(endpoint: Endpoint) -> Iterator[CrmClient]:
    client = CrmClient(endpoint)
    yield client
    client.close()


def add_lead(connection: Connection, email: str) -> int:
    row = connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq) values (%s, now(), 1)"
        " returning lead_id",
        [email],
    ).fetchone()
    assert row
    return int(row[0])


def request(connection: Connection, lead: int, email: str, *, key: str) -> None:
    """Ask for the lead in the CRM, which knows the request by `key`."""
    enqueue_effect(
        connection,
        target="crm",
        operation="create_lead",
        payload={"email": email, "company": "c", "source": "s", "idempotency_key": key},
        idempotency_key=f"crm-lead-{lead}-{key}",
        lead_id=lead,
        now=NOW,
    )
    connection.commit()


def create(crm: CrmClient, email: str, *, key: str) -> str:
    """A lead in the CRM, made while the database was ahead."""
    body = f'{{"email": "{email}", "company": "c", "source": "s", "idempotency_key": "{key}"}}'
    return str(crm.client.transport.send("POST", "/v1/leads", body=body.encode(), key=key).body["id"])  # type: ignore[union-attr]


def own(crm: CrmClient, crm_id: str, rep_id: str) -> None:
    """Let a salesperson own a lead."""
    body = f'{{"owner_id": "{rep_id}"}}'.encode()
    assert crm.client.transport.send("PATCH", f"/v1/leads/{crm_id}", body=body, key="k").body  # type: ignore[union-attr]


def push(connection: Connection, endpoint: Endpoint) -> tuple[int, int]:
    """Send what waits; return the number of calls and of effects."""
    report = push_target(
        database_url=connection.info.dsn + f" password={connection.info.password}",
        endpoint=endpoint,
        target="crm",
        pusher_type=EffectPusher,
        settings=SHIPPED.delivery,
        clock=lambda: datetime.now(UTC),
        sleep=lambda _: None,
        until=datetime.now(UTC) + timedelta(seconds=10),
    )
    return report.calls, report.effects


def ids(connection: Connection) -> dict[int, str]:
    return dict(
        connection.execute("select lead_id, external_id from delivery.external_ids order by 1").fetchall()
    )


def count(crm: CrmClient) -> int:
    return len(list(crm.iterate_leads() or []))


def test_each_lead_is_adopted_and_none_is_created_twice(
    connection: Connection, crm: CrmClient, endpoint: Endpoint
) -> None:
    requested, known = add_lead(connection, "req@buyer.example"), add_lead(connection, "kno@buyer.example")
    request(connection, requested, "req@buyer.example", key="n1")
    connection.execute(
        "update delivery.outbox set state = 'sending', body = payload::text, first_sent_at = now()"
    )
    connection.commit()
    crm_ids = [
        create(crm, email, key=key)
        for email, key in (
            ("req@buyer.example", "n1"),
            ("Kno@buyer.example", "n2"),
            ("new@buyer.example", "n3"),
        )
    ]
    expected = CrmDifference(leads=3, by_key=1, of_known=2, of_unknown=1, unknown_ids=[crm_ids[2]])
    before = dump_database(connection)
    assert find_crm_difference(connection, crm) == expected
    assert dump_database(connection) == before
    assert adopt_crm_leads(connection, crm, now=NOW) == AdoptedLeads(expected, [])
    assert ids(connection) == {requested: crm_ids[0], known: crm_ids[1]}

    # Killed and run again: nothing more.
    after = dump_database(connection)
    adopt_crm_leads(connection, crm, now=NOW)
    assert dump_database(connection) == after

    # The one that was requested is not sent again; the other two take what is there, once each.
    new = add_lead(connection, "new@buyer.example")
    request(connection, new, "New@buyer.example", key="n4")
    request(connection, known, "kno@buyer.example", key="n5")
    assert push(connection, endpoint) == (0, 2)
    assert ids(connection) == {requested: crm_ids[0], known: crm_ids[1], new: crm_ids[2]}
    assert count(crm) == 3
    request(connection, new, "new@buyer.example", key="n6")
    assert push(connection, endpoint) == (1, 1)
    assert count(crm) == 4, "a later cycle is a lead of its own"


def test_what_the_database_knows_is_left_alone(
    connection: Connection, crm: CrmClient, endpoint: Endpoint
) -> None:
    lead = add_lead(connection, "ann@buyer.example")
    request(connection, lead, "ann@buyer.example", key="n1")
    assert push(connection, endpoint) == (1, 1)
    nothing = CrmDifference(leads=1, by_key=0, of_known=0, of_unknown=0, unknown_ids=[])
    assert adopt_crm_leads(connection, crm, now=NOW) == AdoptedLeads(nothing, [])
    own(crm, ids(connection)[lead], "rep-02")
    assert adopt_crm_leads(connection, crm, now=NOW) == AdoptedLeads(nothing, [(lead, "rep-02")])
    assert connection.execute("select count(*) from delivery.found_leads").fetchone() == (0,)


def test_more_leads_than_a_page(
    connection: Connection, crm: CrmClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("leadops.products.generic.generic_crm.PAGE", 2)
    for number in range(5):
        create(crm, f"lead{number}@buyer.example", key=f"n{number}")
    found = find_crm_difference(connection, crm)
    assert found is not None
    assert (found.leads, found.of_unknown) == (5, 5)


@pytest.mark.parametrize("status", [404, 405])
def test_a_crm_that_cannot_list_its_leads_is_not_compared(connection: Connection, status: int) -> None:
    with serve_script() as server:
        server.respond = lambda _method, _path, _body: (status, b"{}")
        client = CrmClient(Endpoint(base_url=server.url, timeout=5))
        assert find_crm_difference(connection, client) is None
        assert adopt_crm_leads(connection, client, now=NOW) is None
        client.close()
