"""The check on frozen quarters."""

from datetime import datetime

from psycopg.types.json import Jsonb

from leadops.db import Connection
from leadops.lifecycle.frozen_quarters import freeze_quarter, record_contract_changes
from leadops.lifecycle.kpi_contract import KpiContract
from leadops.lifecycle.quarter import Quarter
from tests.alerts.checking import clock, incidents, look, shown, slack, slack_server
from tests.shipped import SHIPPED

__all__ = ["clock", "look", "slack", "slack_server"]


def fire_contract(connection: Connection, now: datetime) -> None:
    connection.execute(
        "insert into lifecycle.frozen_changes (quarter, facts, found_at) values ('2026-Q3', %s, %s)",
        [Jsonb({"quarter": "2026-Q3", "count": 1, "changes": ["mql.fit: 20 → 25"]}), now],
    )


#: For each check, rows with which every kind that it feeds fires.
SCENES = {"contract": fire_contract}


def test_a_contract_that_changes_a_frozen_quarter_is_told_until_it_is_put_right(connection, look, clock):
    contract = SHIPPED.kpi
    body = contract.model_dump(mode="json")
    body["versions"][0]["mql"]["fit"] = 99
    changed, company = KpiContract.model_validate(body).in_company(SHIPPED.company), SHIPPED.company
    freeze_quarter(connection, contract=contract, company=company, quarter=Quarter(2026, 3), now=clock())
    look()
    assert incidents(connection) == []
    record_contract_changes(connection, contract=changed, company=company, now=clock())
    look()
    (incident,) = incidents(connection)
    assert (incident.kind, incident.subject) == ("contract_changed", "2026-Q3")
    assert "mql.fit: 20 → 99" in shown(incident)
    record_contract_changes(connection, contract=contract, company=company, now=clock())
    look(1)
    assert look(3).resolved == 1
