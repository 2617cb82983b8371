"""From points to a task in a real CRM, to what salespeople did with it, to the verdict of the clock."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.push import push_target
from leadops.lifecycle.qualify import QualificationResult, qualify_leads
from leadops.products.crm_client import CrmClient
from leadops.settings import Endpoint
from leadops.sla.watch_clocks import watch_clocks
from leadops.subscribers import SUBSCRIBERS
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.shipped import SHIPPED


def test_a_lead_goes_to_the_crm_and_comes_back_as_won(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    contract, policy = SHIPPED.kpi, SHIPPED.sla
    start = datetime.now(UTC)
    connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq) values ('a@b.example', now(), 0)"
    )
    for dimension, points in (("fit", 40), ("behaviour", 80)):
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " lane, is_live, reason) values (1, %s, %s, 'rule', 'r', %s, %s, 0, true, 'r')",
            [points, dimension, start, start],
        )
    connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at) values (1, 40, 80, now())"
    )
    assert (
        qualify_leads(
            connection,
            contract=contract,
            subscribers=SUBSCRIBERS,
            fold_case=True,
            now=start,
        ).mql
        == 1
    )
    connection.commit()
    with serve_in_thread(tmp_path, sales_work=False) as url:
        endpoint = Endpoint(base_url=url, token=Tokens().crm)
        push_target(
            database_url=database_url,
            endpoint=endpoint,
            target="crm",
            pusher_type=EffectPusher,
            settings=SHIPPED.delivery,
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            until=start + timedelta(minutes=1),
        )
        row = connection.execute(
            "select external_id from delivery.external_ids where target = 'crm'"
        ).fetchone()
        connection.commit()
        assert row
        for minute, facts in [
            (2, {"kind": "status", "status": "taken"}),
            (3, {"kind": "call", "details": {"need": True, "budget": True}}),
            (4, {"kind": "meeting"}),
            (5, {"kind": "status", "status": "won"}),
        ]:
            at = (start + timedelta(minutes=minute)).isoformat()
            requests.post(
                f"{url}/_crm/activities",
                json={"lead_id": row[0], "rep_id": "rep-01", "occurred_at": at, **facts},
                headers={"Authorization": f"Bearer {Tokens().crm}"},
                timeout=60,
            ).raise_for_status()
        client = CrmClient(endpoint)
        later = start + timedelta(minutes=6)
        assert poll_crm(connection, client, now=later).activities == 4
        client.close()
    assert qualify_leads(
        connection, contract=contract, subscribers=SUBSCRIBERS, fold_case=True, now=later
    ) == QualificationResult(0, 1, 1, 1, 0)
    assert watch_clocks(connection, policy=policy, now=later).met == 2
    assert connection.execute("select count(*) from sla.breaches").fetchone() == (0,)
