from datetime import UTC, datetime

from leadops.crm.lead_requests import LeadRequest, request_leads
from leadops.db import Connection
from leadops.lanes import Lane

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def request(lead_id: int, cycle: int = 1, lane: Lane = Lane.LIVE) -> LeadRequest:
    return LeadRequest(lead_id, cycle, "ann@buyers.example", "Buyers", "summer", f"key-{lead_id}", lane)


def test_each_lead_and_cycle_is_requested_once(connection: Connection) -> None:
    assert request_leads(connection, [], now=NOW) == 0
    assert request_leads(connection, [request(2, lane=Lane.BACKFILL), request(1)], now=NOW) == 2
    assert request_leads(connection, [request(1), request(1, cycle=2)], now=NOW) == 1
    rows = connection.execute(
        "select target, operation, lead_id, lane, idempotency_key, payload from delivery.outbox"
        " order by outbox_id"
    ).fetchall()
    assert [row[:5] for row in rows] == [
        ("crm", "create_lead", 1, 0, "crm-lead-1-1"),
        ("crm", "create_lead", 2, 1, "crm-lead-2-1"),
        ("crm", "create_lead", 1, 0, "crm-lead-1-2"),
    ]
    assert rows[0][5] == {
        "email": "ann@buyers.example",
        "company": "Buyers",
        "source": "summer",
        "idempotency_key": "key-1",
    }
