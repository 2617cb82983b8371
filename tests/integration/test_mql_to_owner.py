"""From points to a lead in a real CRM with an owner, who is told in a real Slack, once."""

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from psycopg.types.json import Jsonb
from slack_sdk import WebClient

from leadops.clients.chat import ApiChat
from leadops.crm.poll import poll_crm
from leadops.db import Connection
from leadops.delivery.effect_pusher import EffectPusher
from leadops.delivery.push import push_target
from leadops.lifecycle.qualify import qualify_leads
from leadops.products.crm_client import CrmClient
from leadops.routing.assign_leads import assign_leads
from leadops.routing.notice_message import NoticeContext
from leadops.routing.notify_reps import notify_reps
from leadops.settings import Endpoint
from leadops.subscribers import SUBSCRIBERS
from leadops_sandbox.serve import serve_in_thread
from leadops_sandbox.settings import Tokens
from tests.shipped import SHIPPED


def clock() -> datetime:
    return datetime.now(UTC)


def all_day(rep_id: str, language: str) -> dict[str, Any]:
    hours = {"days": [1, 2, 3, 4, 5, 6, 7], "start": "00:00", "end": "24:00"}
    return {
        "id": rep_id,
        "languages": [language],
        "working_hours": hours,
        "zone": "UTC",
        "capacity_per_day": 5,
    }


def test_a_new_mql_has_an_owner_in_the_crm_who_is_told(
    connection: Connection, database_url: str, tmp_path: Path
) -> None:
    rules, start = SHIPPED.routing, clock()
    connection.execute(
        "insert into identity.leads (email, created_at, first_event_seq) values ('a@b.example', now(), 0)"
    )
    connection.execute("insert into identity.traits values (1, 'country', %s, now(), 'e')", [Jsonb("DE")])
    for dimension, points in (("fit", 40), ("behaviour", 80)):
        connection.execute(
            "insert into scoring.ledger (lead_id, points, dimension, kind, rule, occurred_at, recorded_at,"
            " rule_set_id, lane, is_live, reason) values (1, %s, %s, 'rule', 'r', %s, %s, 1, 0, true, '')",
            [points, dimension, start, start],
        )
    connection.execute(
        "insert into scoring.scores (lead_id, fit, behaviour, updated_at) values (1, 40, 80, now())"
    )
    connection.commit()
    with serve_in_thread(tmp_path, sales_work=False) as url:
        crm = Endpoint(base_url=url, token=Tokens().crm, timeout=60)
        reps = {"items": [all_day("rep-de", "de"), all_day("rep-ja", "ja")]}
        headers = {"Authorization": f"Bearer {Tokens().crm}"}
        requests.put(f"{url}/_crm/reps", json=reps, headers=headers, timeout=60).raise_for_status()
        client = CrmClient(crm)
        assert poll_crm(connection, client, now=clock()).reps == 2
        client.close()
        chat = ApiChat(WebClient(Tokens().slack, base_url=f"{url}/api/", timeout=60), "C0LEADOPS")
        told = 0
        for _ in range(2):
            qualify_leads(
                connection,
                contract=SHIPPED.kpi,
                subscribers=SUBSCRIBERS,
                fold_case=True,
                now=clock(),
            )
            assign_leads(connection, rules=rules, zone=SHIPPED.company.zone, now=clock())
            connection.commit()
            push_target(
                database_url=database_url,
                endpoint=crm,
                target="crm",
                pusher_type=EffectPusher,
                settings=SHIPPED.delivery,
                clock=clock,
                sleep=time.sleep,
                until=clock() + timedelta(seconds=10),
            )
            context = NoticeContext(
                rules.slack, SHIPPED.company, SHIPPED.scoring.grades, SHIPPED.scoring.labels()
            )
            told += notify_reps(connection, chat, context=context, clock=clock, sleep=time.sleep).sent
        assert told == 1
        lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
        effects = [line for line in lines if line["kind"] in ("crm.lead", "crm.patch")]
        assert [effect["kind"] for effect in effects] == ["crm.lead", "crm.patch"]
        assert (effects[1]["id"], effects[1]["body"]["owner_id"]) == (effects[0]["id"], "rep-de")
        found = chat.find(
            connection.execute(
                "select installation_id || '-routing-1-' || nonce from delivery.installation, routing.notices"
            ).fetchone()[0],  # type: ignore[index]
            since=start,
        )
        assert found is not None
